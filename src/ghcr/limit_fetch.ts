import { type Clock, type Fetch, MAX_ERROR_BODY_BYTES, readCapped } from "../core/mod.ts";
import type { ApiLimits } from "./api_limits.ts";

const REFUSAL_STALL_MS = 5_000; // a refusal is worth a short wait for its text, no more

/**
 * Give GitHub's refusals the form that HTTP has for them: whatever a limit refused, 403 or 429, becomes
 * a 429 with `Retry-After`. The transport's retry knows that one, and waits or gives up by it.
 */
export function withGithubLimits(fetch: Fetch, limits: ApiLimits, clock: Clock): Fetch {
  return async (request) => {
    const response = await fetch(request);
    const { status, headers } = response;
    limits.note(headers);
    if (status !== 403 && status !== 429) {
      limits.nextTry(status, headers, "");
      return response;
    }
    const body = await readRefusal(request, response, clock);
    const at = limits.nextTry(status, headers, new TextDecoder().decode(body));
    if (at === undefined) return new Response(body, { status, headers });
    const told = new Headers(headers);
    told.set("retry-after", String(Math.max(0, Math.ceil((at - clock.now()) / 1000))));
    return new Response(body, { status: 429, headers: told });
  };
}

/** Its text, or nothing where that is too long, too slow or broken. */
async function readRefusal(
  { url, signal }: Request,
  { body }: Response,
  clock: Clock,
): Promise<Uint8Array<ArrayBuffer>> {
  const { origin } = new URL(url);
  const reading = {
    what: "error body",
    maximum: MAX_ERROR_BODY_BYTES,
    origin,
    clock,
    stallMs: REFUSAL_STALL_MS,
    signal,
  };
  return await readCapped(body, reading).catch(() => new Uint8Array(0));
}
