import { defineConfig } from "vitest/config";

/** Real servers and clients, one file after the other: they share two processors. */
export default defineConfig({
  test: {
    name: "interop",
    include: ["test/interop/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
