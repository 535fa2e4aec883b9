/**
 * One push inside Node, Deno or Bun: `push_child.ts ORIGIN FILE DIGEST SIZE REPEATS` pushes the file
 * as a blob, to as many repositories, and prints what it took as JSON.
 *
 * In: the arguments. Out: a line on standard output. Next: `push.ts` compares it.
 * @module
 */
import { createRegistryClient } from "../src/client/mod.ts";
import { fileSource } from "../src/client/file_source_node.ts";
import { parseReference } from "../src/reference/mod.ts";
import { peakRssMib } from "./runner.ts";

const [origin = "", file = "", digest = "", size = "", repeats = "1"] = process.argv.slice(2);
const registry = createRegistryClient();
const before = peakRssMib() ?? 0;
const start = performance.now();
for (let i = 0; i < Number(repeats); i++) {
  const ref = parseReference(`${new URL(origin).host}/bench/blob${i}:v1`);
  await registry.blobs.put(ref, await fileSource(file), { digest, size: Number(size) });
}
const milliseconds = performance.now() - start;
const peakMib = peakRssMib();
console.log(JSON.stringify({ milliseconds, growthMib: (peakMib ?? 0) - before, peakMib }));
