import { type Clock, sleep } from "../../src/core/mod.ts";

/** A clock that stands still until it is told to move. */
export interface TestClock extends Clock {
  /** Let time pass; timers that come due fire in order. */
  advance(milliseconds: number): void;
}

/** @param start Milliseconds since the epoch. Default is 2026-01-01. */
export function createTestClock(start: number = Date.UTC(2026, 0, 1)): TestClock {
  let now = start;
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock: TestClock = {
    now: () => now,
    sleep: (milliseconds, signal) => sleep(clock, milliseconds, signal),
    after(milliseconds, callback): () => void {
      const timer = { at: now + milliseconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(milliseconds): void {
      const end = now + milliseconds;
      const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      for (const timer of due) {
        timers.delete(timer);
        now = timer.at;
        timer.callback();
      }
      now = end;
    },
  };
  return clock;
}
