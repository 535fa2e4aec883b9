import { spawn } from "node:child_process";
import { cpus } from "node:os";

/** One gate: a name, a command, and whether it passed. */
interface Gate {
  readonly name: string;
  readonly command: string;
}

const GATES: readonly Gate[] = [
  { name: "types", command: "tsc -p ." },
  { name: "types of tests, tools, benches, examples", command: "tsc -p tsconfig.tools.json" },
  { name: "types under Deno", command: "deno check --quiet mod.ts" },
  {
    name: "types of the Deno example",
    command: "deno check --quiet --config examples/deno/deno.json examples/deno/tags.ts",
  },
  { name: "format", command: "deno fmt --check --quiet" },
  { name: "lint", command: "deno lint --quiet src mod.ts test tools bench examples" },
  ...[
    "layers",
    "globals",
    "budgets",
    "exports",
    "docs",
    "cli_docs",
    "bundles",
    "generated",
    "event_schema",
  ]
    .map((name) => ({
      name,
      command: `node tools/check_${name}.ts`,
    })),
  {
    name: "publishable to JSR",
    command: "node tools/check_publish.ts",
  },
];

/** Run a command; resolves to its exit status and all that it printed. */
function run(command: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Run every gate, as many at once as there are processors; print the output of those that fail. */
async function main(): Promise<void> {
  const queue = [...GATES];
  const failed: string[] = [];
  const worker = async (): Promise<void> => {
    for (let gate = queue.shift(); gate; gate = queue.shift()) {
      const { status, output } = await run(gate.command);
      if (status !== 0) failed.push(gate.name);
      console.log(status === 0 ? `ok      ${gate.name}` : `FAILED  ${gate.name}\n${output}`);
      const sizes = output.match(/^bundle .*$/gm);
      if (status === 0 && sizes) console.log(sizes.map((line) => `        ${line}`).join("\n"));
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker));
  console.log(`${GATES.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) process.exitCode = 1;
}

await main();
