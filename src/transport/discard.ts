import { type Clock, readCapped, type RegistryResponse } from "../core/mod.ts";

const DRAIN_BYTES = 16 * 1024; // error and redirect bodies are a few hundred bytes; more is not worth the wait
const DRAIN_STALL_MS = 2_000;

/**
 * Give up a response that nobody will read: a redirect, a challenge, a failed try.
 *
 * A short body of known length is drained, so that the connection can serve again; anything else
 * is cancelled. Never throws and is not waited for.
 */
export function discard(response: RegistryResponse, clock: Clock): void {
  const { body } = response;
  const length = Number(response.headers.get("content-length") ?? NaN);
  const ended: Promise<unknown> = body === null
    ? Promise.resolve()
    : length <= DRAIN_BYTES
    ? readCapped(body, {
      what: "discarded body",
      maximum: DRAIN_BYTES,
      origin: new URL(response.url).origin,
      clock,
      stallMs: DRAIN_STALL_MS,
    })
    : body.cancel();
  ended.catch(() => {}).then(() => response.release());
}
