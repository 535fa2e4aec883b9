import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { watchPlugin } from "./test/support/watch_plugin_node.ts";

// a busy machine is ten times as slow as an idle one
const limits = { testTimeout: 90_000, hookTimeout: 120_000 };

/** Everything that is told in a test file is searched for secrets at its end. */
const setupFiles = ["./test/support/watch_setup.ts"];

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
        plugins: [watchPlugin()],
        test: {
          name: "node",
          setupFiles,
          include: ["test/{unit,contract,scenario,tools,features}/**/*.test.ts"],
          ...limits,
        },
      },
      {
        plugins: [watchPlugin()],
        test: { name: "runtime", setupFiles, include: ["test/runtime/**/*.test.ts"], ...limits },
      },
      { test: { name: "hosts", include: ["test/hosts/**/*.test.ts"], ...limits } },
      {
        test: {
          name: "examples",
          include: ["test/examples/**/*.test.ts"],
          globalSetup: "./test/examples/setup_node.ts",
          testTimeout: 180_000, // each starts a runtime, a bundler or a browser
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [
          cloudflareTest({ wrangler: { configPath: "./test/support/wrangler.jsonc" } }),
          watchPlugin(),
        ],
        test: {
          name: "workerd",
          setupFiles,
          include: ["test/{runtime,front}/**/*.test.ts"],
          globalSetup: "./test/features/setup_node.ts",
          ...limits,
        },
      },
    ],
  },
});
