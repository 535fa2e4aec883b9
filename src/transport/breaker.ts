import { isTidegateError, type Layer, type RegistryResponse, TidegateError } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { admit, closedBreaker, type Outcome, report } from "./breaker_state.ts";
import type { BreakerRecord } from "./state.ts";
import type { TransportSettings } from "./settings.ts";

/**
 * Stop calling an origin that keeps failing, and probe it after a while.
 *
 * Counts what the upstream itself did: a broken object store behind a redirect or a token service
 * on another origin does not close the door to the registry. 429 is no failure: see `retry.ts`.
 *
 * @throws {TidegateError} CIRCUIT_OPEN at once while open.
 */
export function withBreaker(settings: TransportSettings): Layer {
  const { breaker, clock, observer, state, upstream: { name: upstream, origin } } = settings;
  const place = { upstream, origin };
  let opened: BreakerRecord | undefined; // the last one that the observer was told to be open
  return (next) => async (request) => {
    const record = state.breakers.get(origin) ?? closedBreaker();
    state.breakers.set(origin, record);
    if (opened !== undefined && opened !== record) { // it was reset by hand
      opened = undefined;
      observe(observer, { type: "circuit.closed", ...place });
    }
    const passage = admit(record, breaker, clock.now());
    if (typeof passage === "number") {
      const message = `${origin} keeps failing: calls are suspended`;
      throw new TidegateError("CIRCUIT_OPEN", message, { origin, retryAt: passage });
    }
    if (passage === "probe") observe(observer, { type: "circuit.half_opened", ...place });
    const settle = (outcome: Outcome): void => {
      if (state.breakers.get(origin) !== record) return; // reset by hand since it was let through
      const now = clock.now();
      const phase = report(record, breaker, now, passage, outcome);
      const retryAt = now + breaker.resetMs;
      if (phase !== undefined) opened = phase === "open" ? record : undefined;
      if (phase === "open") observe(observer, { type: "circuit.opened", ...place, retryAt });
      if (phase === "closed") observe(observer, { type: "circuit.closed", ...place });
    };
    try {
      const response = await next(request);
      settle(judgeResponse(response, request.method, origin));
      return response;
    } catch (error) {
      settle(judgeError(error, origin));
      throw error;
    }
  };
}

function judgeResponse(
  { status, headers, url }: RegistryResponse,
  method: string,
  origin: string,
): Outcome {
  if (new URL(url).origin !== origin) return "neutral";
  // distribution chokes on some manifests: who pushes one must not close the door for everybody
  if (status === 500 && method !== "GET" && method !== "HEAD") return "neutral";
  if (status === 503 && headers.has("retry-after")) return "neutral"; // it works, and says when
  return status >= 500 && status !== 501 && status !== 505 ? "failure" : "success";
}

function judgeError(error: unknown, origin: string): Outcome {
  const isBroken = isTidegateError(error, "NETWORK_ERROR") ||
    (isTidegateError(error, "NETWORK_TIMEOUT") && error.details.phase === "headers");
  return isBroken && error.details.origin === origin ? "failure" : "neutral";
}
