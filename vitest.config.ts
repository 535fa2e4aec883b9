import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// a busy machine is ten times as slow as an idle one
const limits = { testTimeout: 90_000, hookTimeout: 120_000 };

/**
 * Files that coverage cannot see: they run in a process or a runtime of their own. Each is covered
 * by a suite that is named beside it.
 */
const OUT_OF_SIGHT = [
  "src/**/*_base64.ts", // generated
  "src/hash/std_crypto.ts", // Deno alone: test/unit/hash/std_crypto.test.ts
];

/**
 * `node`: everything pure, the contract suites, the scenarios and the tools, on Node.
 * `runtime`: the suite that every runtime runs (Node, Deno and Bun start it by themselves).
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
          globalSetup: "./test/features/setup_node.ts",
          ...limits,
        },
      },
    ],
  },
});
