import { type Origin, startOrigin } from "./relay_origin.ts";
import type { BenchLine, BenchOptions } from "./runner.ts";
import { linesFromChild, RUNTIME_COMMANDS } from "./runner.ts";

const CHILD = new URL("./pull_child.ts", import.meta.url).pathname;
const BLOB_BYTES = 1024 * 1024 * 1024;
/** A round moves 2 GiB to the disk. */
const MOST_ROUNDS = 7;

/**
 * The client's pull of 1 GiB to a file, against the time of fetching it to a file unverified and of
 * the native hash alone, added; and what it adds to the process's memory.
 */
export async function* benchPull({ runtimes, rounds }: BenchOptions): AsyncGenerator<BenchLine> {
  const origin: Origin = await startOrigin();
  try {
    const { path, digest, size } = origin.addBlob(BLOB_BYTES);
    for (const runtime of Object.keys(RUNTIME_COMMANDS)) {
      if (runtimes.length > 0 && !runtimes.includes(runtime)) continue;
      const times = String(Math.min(rounds, MOST_ROUNDS));
      const args = [runtime, times, origin.url + path, digest, String(size)];
      for (const part of ["time", "memory"]) yield* linesFromChild(runtime, CHILD, [...args, part]);
    }
  } finally {
    await origin.stop();
  }
}
