/**
 * The fault matrix on every runtime: `npm run test:faults`, `-- --full` for every cut point. Ends with
 * the plain totals.
 */
import { type Run, runAll, VITEST } from "./test.ts";

const [first, ...rest] = process.argv.slice(2);
if (first === "--full") process.env["TIDEGATE_FULL"] = "1";
const config = ["run", "--config", "vitest.faults.config.ts"];
const files = first === "--full" || first === undefined ? rest : [first, ...rest];
const library = [...config, "--project", "library", ...files];

const list: readonly Run[] = [
  {
    name: "Node and workerd",
    command: "node",
    args: [VITEST, ...config, ...files],
  },
  { name: "Deno", command: "deno", args: ["run", "-A", VITEST, ...library] },
  { name: "Bun", command: "bun", args: ["--bun", VITEST, ...library, "--pool=threads"] },
];
await runAll(list, 2); // they mostly wait for timers and sockets
