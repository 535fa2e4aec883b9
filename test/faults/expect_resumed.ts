import { expect } from "vitest";
import { MAX_LOST_BYTES } from "../../src/core/mod.ts";
import type { SeenRequest } from "./control.ts";

/**
 * Bun closes a socket at a reset without reading what its kernel still holds (1.6 MiB was seen, 6 MiB is
 * Linux's largest receive buffer): nothing that a caller of `fetch` could do about it.
 */
const LOST_BY_BUN_BYTES = 6 * 1024 * 1024;

/**
 * Hold the log of a transfer that was cut once against the promise: one more request, for a range that
 * starts at most 1 MiB before the last byte that had left the registry.
 *
 * @returns Bytes asked for again.
 */
export function expectResumed(seen: readonly SeenRequest[], cut: number): number {
  const [first, second, ...more] = seen;
  expect([seen.length, more.length], "requests").toEqual([2, 0]);
  expect(first?.sentBytes, "sent before the cut").toBe(cut);
  const start = Number(/^bytes=(\d+)-/.exec(second?.headers["range"] ?? "")?.[1] ?? 0);
  const again = cut - start;
  expect(again, "starts after what had left").toBeGreaterThanOrEqual(0);
  const isBunReset = "Bun" in globalThis && first?.outcome === "reset";
  const most = isBunReset ? LOST_BY_BUN_BYTES : MAX_LOST_BYTES;
  expect(again, "asked for again").toBeLessThanOrEqual(most);
  return again;
}
