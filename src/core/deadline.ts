import type { Clock } from "./clock.ts";
import { type ErrorDetails, TidegateError } from "./errors.ts";

/** An abort signal that also fires by itself unless it is stopped in time. */
export interface Deadline {
  /** Aborts with the outer signal's reason, or with NETWORK_TIMEOUT. */
  readonly signal: AbortSignal;
  /** The awaited thing came: stop the timer, go on following the outer signal. */
  stop(): void;
  /** Stop the timer and no longer follow the outer signal. */
  dispose(): void;
}

/**
 * Bound a wait in time without bounding what follows it: the headers of an answer, not its body.
 *
 * Not `AbortSignal.any` with `AbortSignal.timeout`: those cannot be stopped, and would cut bodies.
 *
 * @param details What NETWORK_TIMEOUT says: the longest wait, for what, from where.
 * @param outer The caller's signal.
 * @param what As for {@linkcode tookLong}.
 */
export function createDeadline(
  clock: Clock,
  details: ErrorDetails["NETWORK_TIMEOUT"],
  outer?: AbortSignal,
  what?: string,
): Deadline {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  const stop = clock.after(details.milliseconds, () => controller.abort(tookLong(details, what)));
  outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    stop,
    dispose(): void {
      stop();
      outer?.removeEventListener("abort", follow);
    },
  };
}

/**
 * The error of a wait that was longer than it may be.
 *
 * @param what Who is waited for, for people. Default is origin and phase.
 */
export function tookLong(
  details: ErrorDetails["NETWORK_TIMEOUT"],
  what: string = `${details.origin}: ${details.phase}`,
): TidegateError<"NETWORK_TIMEOUT"> {
  const message = `${what} took over ${details.milliseconds} ms`;
  return new TidegateError("NETWORK_TIMEOUT", message, details);
}
