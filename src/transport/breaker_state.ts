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

/**
 * Report how a passage ended. What was let through before the breaker opened says nothing about
 * the time after it, and is ignored then.
 *
 * @param outcome `neutral` for what says nothing about the origin: an abort, a refused redirect.
 */
export function report(
  record: BreakerRecord,
  settings: BreakerSettings,
  now: number,
  passage: "normal" | "probe",
  outcome: "success" | "failure" | "neutral",
): void {
  if (passage === "probe") reportProbe(record, settings, now, outcome);
  else if (record.openedAt === undefined && outcome !== "neutral") {
    record.failures = outcome === "success" ? 0 : record.failures + 1;
    if (record.failures >= settings.failureThreshold) open(record, now);
  }
}

function reportProbe(
  record: BreakerRecord,
  settings: BreakerSettings,
  now: number,
  outcome: "success" | "failure" | "neutral",
): void {
  if (record.openedAt === undefined) return; // reset by hand meanwhile
  record.probedAt = undefined;
  if (outcome === "failure") return open(record, now);
  if (outcome === "success") record.successes++;
  if (record.successes >= settings.successThreshold) Object.assign(record, closedBreaker());
}

function open(record: BreakerRecord, now: number): void {
  Object.assign(record, closedBreaker(), { openedAt: now });
}
