/**
 * Serve the seeded simulation on loopback: `node src/simulation/main_node.ts [PORT] [--push]`.
 *
 * In: a port, by default a free one; `--push` to take pushes and deletes. Out: one line with the address. Next: any registry client.
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { serveSimulation } from "./serve_node.ts";

const { values, positionals } = parseArgs({
  options: { push: { type: "boolean", default: false } },
  allowPositionals: true,
});
const port = Number(positionals[0] ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  throw new TypeError(`"${positionals[0]}" is not a port`);
}
const { url } = await serveSimulation({ port, ...(values.push && { push: {} }) });
process.stdout.write(`tidegate: simulated registry ready at ${url}\n`);
