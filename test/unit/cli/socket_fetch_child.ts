/**
 * `socket_fetch_child.ts URL`: fetch it over a socket, and print how many bytes came, or why not.
 *
 * In: a URL. Out: a line. Next: `socket_fetch_node.test.ts`.
 * @module
 */
import process from "node:process";
import { socketFetch } from "../../../src/cli/socket_fetch_node.ts";

const fetching = socketFetch(() => Promise.reject(new Error("not plain")));
const line = await fetching(new Request(process.argv[2] ?? "")).then(
  async (response) => String((await response.bytes()).length),
  (error: Error) => `refused: ${error.cause}`,
);
console.log(line);
process.exit();
