/** A token is renewed in its last 30 seconds, or in the second half of a life under a minute. */
export const REFRESH_AHEAD_MS = 30_000;

/** What is remembered of a login. */
export interface SessionRecord {
  /** When the token ends, in milliseconds since the epoch; undefined while there is none. */
  expiresAt: number | undefined;
  /** From when on another is fetched ahead. */
  refreshAt: number;
  /** No login before this time: the last one was refused. */
  retryAt: number;
}

/**
 * `valid`: far from its end. `expiring`: it still works, and another is fetched ahead. `expired`: it
 * must not be sent any more. `signed-out`: there never was one, or it was refused.
 */
export type SessionPhase = "signed-out" | "valid" | "expiring" | "expired";

/**
 * What to do before a request. `use`: send the token. `refresh`: log in again, and use the token all
 * the same if that fails. `log-in`: there is no token without it. `wait`: the last login was refused
 * a moment ago, and asking again would only count as one more wrong password.
 */
export type SessionStep = "use" | "refresh" | "log-in" | "wait";

/** A session without a token. */
export function signedOut(): SessionRecord {
  return { expiresAt: undefined, refreshAt: 0, retryAt: 0 };
}

/** The phase at a time. Nothing has to happen for a token to expire. */
export function sessionPhase(
  { expiresAt, refreshAt }: SessionRecord,
  now: number,
): SessionPhase {
  if (expiresAt === undefined) return "signed-out";
  if (now >= expiresAt) return "expired";
  return now >= refreshAt ? "expiring" : "valid";
}

/** What to do at a time. */
export function nextStep(record: SessionRecord, now: number): SessionStep {
  const phase = sessionPhase(record, now);
  const isPaused = now < record.retryAt;
  if (phase === "valid") return "use";
  if (phase === "expiring") return isPaused ? "use" : "refresh";
  return isPaused ? "wait" : "log-in";
}

/** A login went well: whatever was before is forgotten. */
export function loggedIn(record: SessionRecord, now: number, expiresAt: number): void {
  const ahead = Math.min(REFRESH_AHEAD_MS, (expiresAt - now) / 2);
  Object.assign(record, { expiresAt, refreshAt: expiresAt - ahead, retryAt: 0 });
}

/** A login failed. A token that still works is kept. */
export function loginFailed(record: SessionRecord, now: number, pauseMs: number): void {
  record.retryAt = now + pauseMs;
}

/** The server refused the token: it counts as none, whatever its end. */
export function tokenRefused(record: SessionRecord): void {
  record.expiresAt = undefined;
}
