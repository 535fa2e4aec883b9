import {
  type Clock,
  type ErrorDetails,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  TidegateError,
} from "../core/mod.ts";

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
 */
export function createDeadline(
  clock: Clock,
  details: ErrorDetails["NETWORK_TIMEOUT"],
  outer: AbortSignal | undefined,
): Deadline {
  const { origin, phase, milliseconds } = details;
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  const stop = clock.after(milliseconds, () => {
    const message = `${origin}: ${phase} took over ${milliseconds} ms`;
    controller.abort(new TidegateError("NETWORK_TIMEOUT", message, details));
  });
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
 * Send within a deadline for the headers: after them, the caller's signal still ends the body.
 *
 * @param details As for {@linkcode createDeadline}.
 */
export async function sendWithin(
  clock: Clock,
  details: ErrorDetails["NETWORK_TIMEOUT"],
  request: RegistryRequest,
  send: Send,
): Promise<RegistryResponse> {
  const { signal, stop, dispose } = createDeadline(clock, details, request.signal);
  try {
    const response = await send({ ...request, signal });
    stop();
    if (response.body === null) dispose();
    const release = (): void => {
      dispose();
      response.release();
    };
    return { ...response, release };
  } catch (error) {
    dispose();
    throw error;
  }
}
