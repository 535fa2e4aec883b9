import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const limits = { testTimeout: 30_000, hookTimeout: 60_000 };

/**
 * Files that coverage cannot see: they run in a process or a runtime of their own. Each is covered
 * by a suite that is named beside it.
 */
const OUT_OF_SIGHT = [
  "src/cli/main_node.ts", // a process of its own: test/examples/cli.test.ts
  "src/**/*_base64.ts", // generated
  "src/hash/std_crypto.ts", // Deno alone: test/unit/hash/std_crypto.test.ts
];

/**
 * `node`: everything pure, the contract suites, the scenarios and the tools, on Node.
 * `runtime`: the suite that every runtime runs (Node, Deno and Bun start it by themselves).
 * `hosts`: what needs files, sockets and processes, on the three runtimes that have them.
 * `examples`: every example, as its readers would run it, against the built package.
 * `workerd`: the runtime suite and the front door, inside workerd.
 */
export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      reportOnFailure: true,
      include: ["src/**/*.ts"],
      exclude: OUT_OF_SIGHT,
      reporter: ["text-summary", "json-summary", "html"],
      reportsDirectory: "coverage",
      thresholds: {
        lines: 95,
        branches: 90,
        "src/core/errors.ts": { lines: 100 },
        "src/reference/**": { lines: 100 },
      },
    },
    projects: [
      {
        test: {
          name: "node",
          include: ["test/{unit,contract,scenario,tools,features}/**/*.test.ts"],
          ...limits,
        },
      },
      { test: { name: "runtime", include: ["test/runtime/**/*.test.ts"], ...limits } },
      { test: { name: "hosts", include: ["test/hosts/**/*.test.ts"], ...limits } },
      {
        test: {
          name: "examples",
          include: ["test/examples/**/*.test.ts"],
          globalSetup: "./test/examples/setup_node.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
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
