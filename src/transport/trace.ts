import {
  type ErrorCode,
  excerpt,
  isTidegateError,
  type Layer,
  type RegistryResponse,
} from "../core/mod.ts";
import { nextNumber, observe, redactUrl } from "../observability/mod.ts";
import type { TransportSettings } from "./settings.ts";
import { requestFacts, requestPlace } from "./request_facts.ts";
import { readRateLimit } from "./rate_limit.ts";

/** Tell the observer about each request once, however many tries, hops and tokens it took. */
export function withTrace(settings: TransportSettings): Layer {
  const { clock, observer, upstream } = settings;
  if (observer === undefined) return (next) => next;
  return (next) => async (unnumbered) => {
    const request = { ...unnumbered, id: nextNumber() };
    const startedAt = clock.now();
    const facts = requestFacts(upstream, request);
    observe(observer, { type: "request.sent", ...facts, attempt: 1 });
    try {
      const response = await next(request);
      const milliseconds = clock.now() - startedAt;
      const { status } = response;
      observe(observer, { type: "request.answered", ...facts, status, milliseconds });
      announceHeaders(settings, response);
      return { ...response, id: request.id };
    } catch (error) {
      const milliseconds = clock.now() - startedAt;
      observe(observer, { type: "request.failed", ...facts, code: codeOf(error), milliseconds });
      throw error;
    }
  };
}

/** Tell the observer about each single `fetch`, from its start to the end of its body. */
export function withExchangeTrace({ observer, upstream }: TransportSettings): Layer {
  if (observer === undefined) return (next) => next;
  return (next) => async (request) => {
    const facts = { ...requestPlace(upstream, request), exchange: nextNumber() };
    const { method, url } = request;
    observe(observer, { type: "exchange.sent", ...facts, method, url: redactUrl(url) });
    try {
      const response = await next(request);
      observe(observer, { type: "exchange.answered", ...facts, status: response.status });
      let hasEnded = false;
      const release = (): void => {
        if (!hasEnded) observe(observer, { type: "exchange.ended", ...facts });
        hasEnded = true;
        response.release();
      };
      return { ...response, release };
    } catch (error) {
      observe(observer, { type: "exchange.failed", ...facts, code: codeOf(error) });
      throw error;
    }
  };
}

function codeOf(error: unknown): ErrorCode | "ABORTED" {
  return isTidegateError(error) ? error.code : "ABORTED";
}

const MAX_WARNING_LENGTH = 4096; // distribution-spec, "Warnings"

function announceHeaders(
  { clock, observer, upstream: { name: upstream } }: TransportSettings,
  { headers, scrub = String }: RegistryResponse,
): void {
  const rate = readRateLimit(headers);
  if (rate !== undefined) {
    const { limit, remaining, windowSeconds } = rate;
    const resetAt = windowSeconds === undefined ? undefined : clock.now() + windowSeconds * 1000;
    observe(observer, { type: "rate_limit.seen", upstream, limit, remaining, resetAt });
  }
  const warning = headers.get("warning");
  if (warning === null) return;
  const text = excerpt(scrub(warning), MAX_WARNING_LENGTH);
  observe(observer, { type: "warning.received", upstream, text });
}
