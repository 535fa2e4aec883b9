import { isNodesFetch } from "../transport/mod.ts";

/** Bounds how many blobs are on their way at once, and so how much memory they take. */
export interface BlobSlots {
  /** Do something while a slot is held. */
  hold<T>(size: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/**
 * Default of how many large blobs are on their way at once: 8 where what is sent need not be held, so
 * that more of them are hashed side by side; 6 elsewhere, as skopeo has it.
 */
export const LARGE_BLOBS: number = isNodesFetch() ? 8 : 6;

/** What is smaller is read whole into one small buffer: it waits for requests, not for memory. */
const SMALL_BYTES: number = 256 * 1024;

/** For each slot of a large blob so many of small ones: 32 of them take what one large blob takes. */
const SMALL_FOR_LARGE = 4;

/** Slots for so many large blobs, and others for small ones, that these need not wait for those. */
export function createBlobSlots(concurrency: number): BlobSlots {
  const large = createSemaphore(concurrency);
  const small = createSemaphore(concurrency * SMALL_FOR_LARGE);
  return {
    hold: (size, signal, work) => (size < SMALL_BYTES ? small : large)(signal, work),
  };
}

type Semaphore = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** First come, first served. */
function createSemaphore(limit: number): Semaphore {
  let held = 0;
  const queue = new Set<() => void>();
  const enter = (signal: AbortSignal): Promise<void> | undefined => {
    signal.throwIfAborted();
    if (held < limit) {
      held++;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        queue.delete(take);
        reject(signal.reason);
      };
      const take = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.add(take);
    });
  };
  const leave = (): void => {
    const [next] = queue;
    if (next === undefined) held--;
    else queue.delete(next), next(); // the slot goes on to the next one
  };
  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
