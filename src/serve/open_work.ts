import type { Clock } from "../core/mod.ts";

/** What has begun and not ended: requests, and what goes on after their answers. */
export interface OpenWork {
  /** Wait for this, too, at the end. */
  add(this: void, work: Promise<unknown>): void;
  /**
   * A request begins.
   *
   * @param request Kept from collection until it ends.
   * @param abort Ends it early.
   * @returns To be called when it ends.
   */
  enter(request: unknown, abort: (reason: unknown) => void): () => void;
  /** Whether the end has begun. */
  isClosing(): boolean;
  /** Wait until all has ended; after `graceMs` abort what has not, and wait no more. */
  end(graceMs: number): Promise<void>;
}

/** How long what was aborted may take to notice. */
const ABORT_MS = 1000;

/** Make an empty list of work. */
export function createOpenWork(clock: Clock): OpenWork {
  const work = new Set<Promise<unknown>>();
  const requests = new Map<symbol, { request: unknown; abort(reason: unknown): void }>();
  let closing = false;
  const settle = async (): Promise<void> => {
    while (work.size > 0) await Promise.allSettled(work);
  };
  const settleWithin = async (milliseconds: number): Promise<void> => {
    const timer = new AbortController();
    const limit = clock.sleep(milliseconds, timer.signal).catch(() => {});
    await Promise.race([settle(), limit]);
    timer.abort();
  };
  return {
    add(one): void {
      const entry = one.catch(() => {}).finally(() => work.delete(entry));
      work.add(entry);
    },
    enter(request, abort): () => void {
      const id = Symbol();
      requests.set(id, { request, abort });
      return () => void requests.delete(id);
    },
    isClosing: () => closing,
    async end(graceMs): Promise<void> {
      closing = true;
      await settleWithin(graceMs);
      if (work.size === 0) return;
      const reason = new DOMException("The server is closing", "AbortError");
      for (const { abort } of requests.values()) abort(reason);
      await settleWithin(ABORT_MS);
    },
  };
}
