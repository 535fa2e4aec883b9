import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const limits = { testTimeout: 30_000, hookTimeout: 30_000 };

/**
 * `node`: everything pure, the contract suites and the scenarios, on Node.
 * `runtime`: the suite that every runtime runs (Node, Deno and Bun start it by themselves).
 * `workerd`: the same suite and the front door, inside workerd.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/{unit,contract,scenario}/**/*.test.ts"],
          ...limits,
        },
      },
      { test: { name: "runtime", include: ["test/runtime/**/*.test.ts"], ...limits } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/support/wrangler.jsonc" } })],
        test: {
          name: "workerd",
          include: ["test/{runtime,front}/**/*.test.ts"],
          ...limits,
        },
      },
    ],
  },
});
