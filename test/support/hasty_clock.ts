import type { Clock } from "../../src/core/mod.ts";

/**
 * A clock for tests in which every host answers: waits pass at once, and deadlines never come.
 */
export function createHastyClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    async sleep(milliseconds): Promise<void> {
      now += Math.max(0, milliseconds);
    },
    after: () => () => {},
  };
}
