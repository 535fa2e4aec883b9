import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const LIBRARY = "test/faults/library_*.test.ts";

const common = {
  globalSetup: "./test/faults/setup_node.ts",
  testTimeout: 120_000,
  hookTimeout: 120_000,
  teardownTimeout: 60_000,
  maxConcurrency: 12,
  fileParallelism: false,
};

/**
 * The fault matrix, over real HTTP and raw TCP.
 *
 * `library`: the library, on Node, Deno and Bun. `workerd`: the same files inside workerd.
 * `clients`: what else asks a front door (curl, skopeo), and callers that are slow or go away.
 * `command`: the command as a process, killed and in want of disk or registry.
 * `node`: what only Node does: connections of the command's own, chunks that are streamed.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "library", include: [LIBRARY], ...common } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/support/wrangler.jsonc" } })],
        test: { name: "workerd", include: [LIBRARY], ...common },
      },
      { test: { name: "clients", include: ["test/faults/clients_*.test.ts"], ...common } },
      { test: { name: "command", include: ["test/faults/command_*.test.ts"], ...common } },
      { test: { name: "node", include: ["test/faults/node_*.test.ts"], ...common } },
    ],
  },
});
