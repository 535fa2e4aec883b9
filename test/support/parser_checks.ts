import { expect } from "vitest";
import { isTidegateError } from "../../src/core/mod.ts";

/** One mebibyte: the size at which every parser is timed. */
export const MEBIBYTE: number = 1024 * 1024;

/** Run a parser; anything it throws must be a typed error (or of the kind given). */
export function attempt<T>(
  parse: () => T,
  isTyped: (error: unknown) => boolean = (error) => isTidegateError(error),
): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (isTyped(error)) return undefined;
    throw new Error(`Untyped throw: ${String(error)}`, { cause: error });
  }
}

/** Repeat `pattern` up to one mebibyte. */
export function mebibyteOf(pattern: string): string {
  return pattern.repeat(Math.ceil(MEBIBYTE / pattern.length)).slice(0, MEBIBYTE);
}

/** Counting lines keeps code from being optimized, and would be all that is measured. */
const isCounting: boolean = (globalThis as {
  __vitest_worker__?: { config?: { coverage?: { enabled?: boolean } } };
}).__vitest_worker__?.config?.coverage?.enabled === true;

/**
 * The bound that every parser keeps: 1 MiB in under 50 ms, warmed once, best of three; of more only
 * where the machine is busy. It is the thread's own time that counts, not its neighbours'.
 */
export function expectFast(parse: () => unknown): void {
  if (isCounting) return void attempt(parse, () => true);
  let best = Infinity;
  for (let run = 0; run < 4 || (best >= 50 && run < 12); run++) {
    const start = process.threadCpuUsage();
    attempt(parse, () => true);
    const { user, system } = process.threadCpuUsage(start);
    if (run > 0) best = Math.min(best, (user + system) / 1000);
  }
  expect(best).toBeLessThan(50);
}
