/** When a broken transfer is continued, and when it is given up. */
export interface ResumeSettings {
  /** Longest wait for the next bytes, in milliseconds. */
  readonly stallMs: number;
  /** Bytes since the last resume that count as good progress and forget what was before. */
  readonly progressBytes: number;
  /** Milliseconds since the last resume that do the same. */
  readonly progressMs: number;
  /** Most resumes in a row with some progress, but no good one. */
  readonly attempts: number;
  /** Most resumes in a row that brought no byte at all. */
  readonly idleAttempts: number;
  /** Most bytes thrown away for all answers that ignore `Range` and start from zero. */
  readonly skippedBytes: number;
  /** Most such answers. */
  readonly restarts: number;
}

/**
 * The first resume is free, as is one after 1 MiB or a minute. In between a hostile registry could
 * send a byte a connection: 64 of those, or 4 without a byte, end the transfer.
 */
export const RESUME: ResumeSettings = Object.freeze({
  stallMs: 30_000,
  progressBytes: 1024 * 1024,
  progressMs: 60_000,
  attempts: 64,
  idleAttempts: 4,
  skippedBytes: 256 * 1024 * 1024,
  restarts: 3,
});
