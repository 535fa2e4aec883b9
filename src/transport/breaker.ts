import { isTidegateError, type Layer, type RegistryResponse, TidegateError } from "../core/mod.ts";
import { observe } from "../observability/mod.ts";
import { admit, type BreakerPhase, breakerPhase, closedBreaker, report } from "./breaker_state.ts";
import type { TransportSettings } from "./settings.ts";
import type { BreakerRecord } from "./state.ts";

type Outcome = "success" | "failure" | "neutral";

/**
 * Stop calling an origin that keeps failing, and probe it after a while.
 *
 * Counts what the upstream itself did: a broken object store behind a redirect or a token service
 * on another origin does not close the door to the registry. 429 is no failure: see `retry.ts`.
 *
 * @throws {TidegateError} CIRCUIT_OPEN at once while open.
 */
export function withBreaker(settings: TransportSettings): Layer {
  const { breaker, clock, observer, state, upstream: { origin } } = settings;
  return (next) => async (request) => {
    const record = recordOf(state.breakers, origin);
    const passage = admit(record, breaker, clock.now());
    if (typeof passage === "number") throw circuitOpen(origin, passage);
    if (passage === "probe") observe(observer, { type: "circuit.half_opened", origin });
    const settle = (outcome: Outcome): void => {
      const before = breakerPhase(record, breaker, clock.now());
      report(record, breaker, clock.now(), passage, outcome);
      announce(settings, before, breakerPhase(record, breaker, clock.now()));
    };
    try {
      const response = await next(request);
      settle(judgeResponse(response, origin));
      return response;
    } catch (error) {
      settle(judgeError(error, origin));
      throw error;
    }
  };
}

function recordOf(breakers: Map<string, BreakerRecord>, origin: string): BreakerRecord {
  const known = breakers.get(origin);
  if (known !== undefined) return known;
  const fresh = closedBreaker();
  breakers.set(origin, fresh);
  return fresh;
}

function judgeResponse({ status, headers, url }: RegistryResponse, origin: string): Outcome {
  if (new URL(url).origin !== origin) return "neutral";
  if (status === 503 && headers.has("retry-after")) return "neutral"; // it works, and says when
  return status >= 500 && status !== 501 && status !== 505 ? "failure" : "success";
}

function judgeError(error: unknown, origin: string): Outcome {
  const isBroken = isTidegateError(error, "NETWORK_ERROR") ||
    (isTidegateError(error, "NETWORK_TIMEOUT") && error.details.phase === "headers");
  return isBroken && error.details.origin === origin ? "failure" : "neutral";
}

function announce(
  { breaker, clock, observer, upstream: { origin } }: TransportSettings,
  before: BreakerPhase,
  after: BreakerPhase,
): void {
  if (before === after) return;
  const retryAt = clock.now() + breaker.resetMs;
  if (after === "open") observe(observer, { type: "circuit.opened", origin, retryAt });
  if (after === "closed") observe(observer, { type: "circuit.closed", origin });
}

function circuitOpen(origin: string, retryAt: number): TidegateError<"CIRCUIT_OPEN"> {
  const message = `Calls to ${origin} are suspended after repeated failures`;
  return new TidegateError("CIRCUIT_OPEN", message, { origin, retryAt });
}
