import { benchHashOnWorkerd } from "./hash_workerd.ts";
import type { BenchLine, BenchOptions } from "./runner.ts";
import { linesFromChild, RUNTIME_COMMANDS } from "./runner.ts";

const CHILD = new URL("./hash_child.ts", import.meta.url).pathname;

/**
 * SHA-256 and SHA-512: WASM against `hash-wasm` (on workerd, where that cannot run, `@noble/hashes`),
 * and the native path against bare `node:crypto`.
 */
export async function* benchHash({ runtimes, rounds }: BenchOptions): AsyncGenerator<BenchLine> {
  const wanted = (runtime: string): boolean => !runtimes.length || runtimes.includes(runtime);
  for (const runtime of Object.keys(RUNTIME_COMMANDS).filter(wanted)) {
    yield* linesFromChild(runtime, CHILD, [runtime, String(rounds)]);
  }
  if (wanted("workerd")) yield* benchHashOnWorkerd(rounds);
}
