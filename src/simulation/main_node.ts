/**
 * Serve the seeded simulation on loopback: `node src/simulation/main_node.ts [PORT]`.
 *
 * In: a port, by default a free one. Out: one line with the address. Next: any registry client.
 * @module
 */
import process from "node:process";
import { serveSimulation } from "./serve_node.ts";

const port = Number(process.argv[2] ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  throw new TypeError(`"${process.argv[2]}" is not a port`);
}
const { url } = await serveSimulation({ port });
process.stdout.write(`tidegate: simulated registry ready at ${url}\n`);
