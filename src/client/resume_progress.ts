import { isTidegateError } from "../core/mod.ts";
import type { ResumeSettings } from "./resume_settings.ts";

/** Decides whether a transfer that broke again may be continued, and after what wait. */
export interface ResumeProgress {
  /** Resumes so far. */
  readonly count: number;
  /**
   * Ask to resume.
   *
   * @param offset Bytes that have arrived.
   * @param now Milliseconds since the epoch.
   * @param chance A number in [0, 1).
   * @returns The wait in milliseconds, or why the transfer is given up.
   */
  next(offset: number, now: number, chance: number): number | string;
}

const NUDGE_MS = 250; // upper bound of the wait when the last connection brought something
const IDLE_BASE_MS = 500; // upper bound of the first wait when it brought nothing; doubles

/** Keep count of one transfer. */
export function createResumeProgress(start: number, settings: ResumeSettings): ResumeProgress {
  let lastOffset = start;
  let lastAt = -Infinity;
  let weak = 0; // resumes in a row without good progress
  let idle = 0; // of those, the latest in a row without any
  let count = 0;
  return {
    get count(): number {
      return count;
    },
    next(offset, now, chance): number | string {
      const gained = offset - lastOffset;
      const isGood = gained >= settings.progressBytes || now - lastAt >= settings.progressMs;
      weak = isGood ? 0 : weak + 1;
      idle = gained > 0 || count === 0 ? 0 : idle + 1;
      if (idle > settings.idleAttempts) return `${idle} connections in a row brought no byte`;
      if (weak > settings.attempts) return `${weak} connections in a row brought little`;
      count++;
      lastOffset = offset;
      lastAt = now;
      if (idle > 0) return chance * IDLE_BASE_MS * 2 ** (idle - 1);
      return isGood ? 0 : chance * NUDGE_MS;
    },
  };
}

/** Whether another connection could bring what this one did not. */
export function isResumable(error: unknown): boolean {
  return isTidegateError(error, "NETWORK_ERROR") || isTidegateError(error, "NETWORK_TIMEOUT") ||
    isTidegateError(error, "SERVER_ERROR") || isTidegateError(error, "CIRCUIT_OPEN");
}
