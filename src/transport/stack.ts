import type { Layer, Send } from "../core/mod.ts";
import { withAuthorization } from "./authorize.ts";
import { withBreaker } from "./breaker.ts";
import { createFetchSend } from "./fetch_send.ts";
import { resolveTransportOptions, type TransportOptions } from "./options.ts";
import { withRedirect } from "./redirect.ts";
import { withRetry } from "./retry.ts";
import { withThrottle } from "./throttle.ts";
import { withTimeout } from "./timeout.ts";
import { withExchangeTrace, withTrace } from "./trace.ts";

/**
 * Make the way to one upstream: `trace(retry(breaker(throttle(authorize(redirect(timeout(fetch)))))))`.
 *
 * Cheap: a Worker makes one per request and shares only `state` and what is behind `tokens`.
 * Whoever gets a response calls its `release()` when the body has ended, failed or been cancelled.
 *
 * @returns A `Send` that rejects with a {@linkcode TidegateError} or the request's abort reason,
 * and with nothing else.
 * @throws {TypeError} For options out of range or contradicting each other.
 */
export function createTransport(options: TransportOptions): Send {
  const settings = resolveTransportOptions(options);
  return stack(createFetchSend(settings), [
    withTrace(settings),
    withRetry(settings),
    withBreaker(settings),
    withThrottle(settings),
    withAuthorization(settings),
    withRedirect(settings),
    withTimeout(settings),
    withExchangeTrace(settings),
  ]);
}

/** Put layers around a `Send`, the first one outermost. */
export function stack(send: Send, layers: readonly Layer[]): Send {
  return layers.reduceRight((next, layer) => layer(next), send);
}
