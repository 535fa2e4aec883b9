import { type Clock, isTidegateError, type Upstream } from "../core/mod.ts";
import { nextNumber, observe, type Observer } from "../observability/mod.ts";
import type { HubToken, LoginExchange } from "./login.ts";

/** Whose login is watched. */
export interface WatchLoginOptions {
  readonly upstream: Upstream;
  readonly exchange: LoginExchange;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
}

/** Tell a login as a whole, whatever requests it takes. Without an observer it costs nothing. */
export async function watchLogin(
  { upstream, exchange, clock, observer }: WatchLoginOptions,
  logIn: (exchange: LoginExchange) => Promise<HubToken>,
): Promise<HubToken> {
  if (observer === undefined) return await logIn(exchange);
  const operation = nextNumber();
  const startedAt = clock.now();
  const facts = { operation, name: "auth.login", upstream: upstream.name } as const;
  observe(observer, { type: "operation.started", ...facts });
  const send: LoginExchange["send"] = (request) => exchange.send({ ...request, operation });
  try {
    const token = await logIn({ ...exchange, send });
    const milliseconds = clock.now() - startedAt;
    observe(observer, { type: "operation.ended", ...facts, outcome: "ok", milliseconds });
    return token;
  } catch (error) {
    const outcome = isTidegateError(error) ? error.code : "ABORTED";
    const milliseconds = clock.now() - startedAt;
    observe(observer, { type: "operation.ended", ...facts, outcome, milliseconds });
    throw error;
  }
}
