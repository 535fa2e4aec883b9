import { afterAll, expect } from "vitest";
import { MAX_LOST_BYTES } from "../../src/core/mod.ts";
import type { SeenRequest } from "./control.ts";

/** What a cut transfer cost. */
export interface Resumed {
  /** Bytes asked for again. */
  readonly again: number;
  /** Those of them that the client's kernel held when the connection was reset, at most. */
  readonly unread: number;
}

/**
 * Hold the log of a transfer that was cut once against the promise: one more request, for a range that
 * starts at most 1 MiB before the last byte that had left the registry.
 *
 * Bun closes a socket at a reset without reading what its kernel still holds, and no caller of
 * `fetch` gets at that: there, the promise is about what had left the kernel.
 *
 * @param reader Who read from the registry: this runtime, or the door.
 */
export function expectResumed(
  seen: readonly SeenRequest[],
  cut: number,
  reader: "runtime" | "door",
): Resumed {
  const [first, second, ...more] = seen;
  expect([seen.length, more.length], "requests").toEqual([2, 0]);
  expect(first?.sentBytes, "sent before the cut").toBe(cut);
  const start = Number(/^bytes=(\d+)-/.exec(second?.headers["range"] ?? "")?.[1] ?? 0);
  const again = cut - start;
  expect(again, "starts after what had left").toBeGreaterThanOrEqual(0);
  const isBun = reader === "runtime" && "Bun" in globalThis;
  const unread = isBun ? Math.min(again, first?.unreadBytes ?? 0) : 0;
  expect(again - unread, "read, and asked for again").toBeLessThanOrEqual(MAX_LOST_BYTES);
  return { again, unread };
}

/** Print the largest losses of a file's cases, once they have all run. */
export function noteLosses(): (one: Resumed) => void {
  const all: Resumed[] = [];
  afterAll(() => {
    const again = Math.max(0, ...all.map((one) => one.again));
    const read = Math.max(0, ...all.map((one) => one.again - one.unread));
    console.log(
      `after a cut: at most ${again} bytes asked for again, ${read} of what had been read`,
    );
  });
  return (one) => void all.push(one);
}
