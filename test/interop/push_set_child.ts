/**
 * The pushes inside Node, Deno or Bun: `push_set_child.ts LAYOUT AT` pushes a layout's images out of
 * its files, the larger ones read as they are sent, and prints the report as JSON.
 *
 * In: the arguments. Out: a line on standard output. Next: `push_runtimes.test.ts` compares.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileSource } from "../../src/client/file_source_node.ts";
import { pushSet } from "./push_set.ts";

const SMALL_BYTES = 64 * 1024;

const [folder = "", at = ""] = process.argv.slice(2);
const report = await pushSet({
  read: (path) => readFile(join(folder, path)),
  open: (path, size) =>
    size > SMALL_BYTES ? fileSource(join(folder, path)) : readFile(join(folder, path)),
}, at);
console.log(JSON.stringify(report));
