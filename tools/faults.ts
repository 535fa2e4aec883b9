/**
 * The fault matrix on every runtime: `npm run test:faults`, `-- --full` for every cut point. Ends with
 * the plain totals.
 */
import { type Run, runAll, VITEST } from "./test.ts";

const [first, ...rest] = process.argv.slice(2);
if (first === "--full") process.env["TIDEGATE_FULL"] = "1";
const files = first === "--full" || first === undefined ? rest : [first, ...rest];
const some = files.length > 0 ? ["--passWithNoTests", ...files] : []; // each is of some projects
const words = (...projects: readonly string[]): string[] => [
  ...["run", "--config", "vitest.faults.config.ts", ...some],
  ...projects.flatMap((project) => ["--project", project]),
];

const list: readonly Run[] = [
  {
    name: "Node and workerd",
    command: "node",
    args: [VITEST, ...words("library", "workerd", "clients", "node")],
  },
  { name: "the command", command: "node", args: [VITEST, ...words("command")] },
  { name: "Deno", command: "deno", args: ["run", "-A", VITEST, ...words("library")] },
  { name: "Bun", command: "bun", args: ["--bun", VITEST, ...words("library"), "--pool=threads"] },
];
await runAll(list, 2); // they mostly wait for timers and sockets
