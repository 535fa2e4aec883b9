import { isTidegateError, type Layer } from "../core/mod.ts";
import type { TransportSettings } from "./options.ts";

/** Tell the observer about each request once, however many tries, hops and tokens it took. */
export function withTrace({ clock, observe, upstream: { name } }: TransportSettings): Layer {
  return (next) => async (request) => {
    const { kind, method } = request;
    const startedAt = clock.now();
    const base = { upstream: name, kind, method };
    observe({ type: "request.sent", ...base, url: request.url });
    try {
      const response = await next(request);
      const durationMs = clock.now() - startedAt;
      observe({ type: "request.answered", ...base, status: response.status, durationMs });
      return response;
    } catch (error) {
      const code = isTidegateError(error) ? error.code : "aborted";
      observe({ type: "request.failed", ...base, code, durationMs: clock.now() - startedAt });
      throw error;
    }
  };
}
