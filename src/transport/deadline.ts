import type { Clock } from "../core/mod.ts";

/** An abort signal that also fires by itself unless it is stopped in time. */
export interface Deadline {
  /** Aborts with the outer signal's reason, or with the deadline's error. */
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
 * @param milliseconds Longest wait.
 * @param outer The caller's signal.
 * @param error Makes the reason to abort with.
 */
export function createDeadline(
  clock: Clock,
  milliseconds: number,
  outer: AbortSignal | undefined,
  error: () => Error,
): Deadline {
  const controller = new AbortController();
  if (outer?.aborted) controller.abort(outer.reason);
  const stop = clock.after(milliseconds, () => controller.abort(error()));
  const follow = (): void => controller.abort(outer?.reason);
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
