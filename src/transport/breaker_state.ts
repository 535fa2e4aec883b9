import type { BreakerRecord } from "./state.ts";

/** When the breaker opens and closes. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** Good probes in a row that close it again. */
  readonly successThreshold: number;
  /** How long it stays open, and how long one probe may take, in milliseconds. */
  readonly resetMs: number;
}

/** Closed: all pass. Open: none passes. Half-open: one probe at a time passes. */
export type BreakerPhase = "closed" | "open" | "half-open";

/** `normal` and `probe` pass; a number is when to come back. */
export type Admission = "normal" | "probe" | number;

/** When to come back while somebody else's probe runs. */
export const PROBE_WAIT_MS = 1_000;

/** A closed breaker. */
export function closedBreaker(): BreakerRecord {
  return { failures: 0, successes: 0, openedAt: undefined, probedAt: undefined };
}

/** The phase at a time. Nothing has to happen for open to become half-open. */
export function breakerPhase(
  record: BreakerRecord,
  settings: BreakerSettings,
  now: number,
): BreakerPhase {
  if (record.openedAt === undefined) return "closed";
  return now < record.openedAt + settings.resetMs ? "open" : "half-open";
}

/**
 * Ask to pass.
 *
 * A probe that never reports (its Worker request was killed) stops counting after `resetMs`.
 */
export function admit(record: BreakerRecord, settings: BreakerSettings, now: number): Admission {
  const phase = breakerPhase(record, settings, now);
  if (phase === "closed") return "normal";
  if (phase === "open") return (record.openedAt ?? now) + settings.resetMs;
  const busyUntil = (record.probedAt ?? -Infinity) + settings.resetMs;
  if (now < busyUntil) return Math.min(busyUntil, now + PROBE_WAIT_MS);
  record.probedAt = now;
  return "probe";
}

/** How a passage ended. `neutral` says nothing about the origin: an abort, a refused redirect. */
export type Outcome = "success" | "failure" | "neutral";

/**
 * Report how a passage ended. What was let through before the breaker opened says nothing about
 * the time after it, and is ignored then; so is a probe of one that was reset by hand meanwhile.
 *
 * @returns The phase that this report led to; `undefined` where it changed nothing.
 */
export function report(
  record: BreakerRecord,
  settings: BreakerSettings,
  now: number,
  passage: "normal" | "probe",
  outcome: Outcome,
): "open" | "closed" | undefined {
  const isProbe = passage === "probe";
  if (isProbe !== (record.openedAt !== undefined)) return undefined;
  record.probedAt = undefined;
  if (outcome === "failure") {
    if (++record.failures < settings.failureThreshold && !isProbe) return undefined;
    Object.assign(record, closedBreaker(), { openedAt: now });
    return "open";
  }
  if (outcome === "neutral") return undefined;
  record.failures = 0;
  if (!isProbe || ++record.successes < settings.successThreshold) return undefined;
  Object.assign(record, closedBreaker());
  return "closed";
}
