/** Time as the library sees it. A virtual clock makes waits instant in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Resolve after `milliseconds`; reject with the signal's reason when aborted first.
   * @param milliseconds 0 or more; fractions are rounded up.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Call `callback` once after `milliseconds`. Returns a function that cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1; // WHATWG timers are signed 32-bit; beyond it they fire at once

/** The runtime's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(systemClock, milliseconds, signal),
  after(milliseconds, callback): () => void {
    const timer = setTimeout(callback, Math.min(Math.ceil(milliseconds), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** `sleep` in terms of a clock's `after`: what a {@linkcode Clock} implementation may delegate to. */
export function sleep(
  clock: Pick<Clock, "after">,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(milliseconds, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
