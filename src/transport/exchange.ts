import { type Clock, type Fetch, TidegateError } from "../core/mod.ts";
import { abortable, createDeadline } from "./deadline.ts";
import { networkError } from "./network_error.ts";

/**
 * The way to a token endpoint: past throttle, breaker and retry, so that a request that holds a
 * slot never waits for a second one. Bounded in time, typed in its errors.
 *
 * @throws {TidegateError} NETWORK_TIMEOUT with phase `headers`; NETWORK_ERROR.
 */
export function createExchange(
  { fetch, clock, headersMs }: {
    readonly fetch: Fetch;
    readonly clock: Clock;
    readonly headersMs: number;
  },
): Fetch {
  return async (request) => {
    const { origin } = new URL(request.url);
    const deadline = createDeadline(
      clock,
      headersMs,
      request.signal,
      () =>
        new TidegateError("NETWORK_TIMEOUT", `No headers from ${origin} for ${headersMs} ms`, {
          origin,
          phase: "headers",
          milliseconds: headersMs,
        }),
    );
    try {
      const outgoing = new Request(request, { signal: deadline.signal, credentials: "omit" });
      return await abortable(fetch(outgoing), deadline.signal, (late) => void late.body?.cancel());
    } catch (cause) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      throw networkError(request.url, cause);
    } finally {
      deadline.dispose();
    }
  };
}
