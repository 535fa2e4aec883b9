import { type Clock, MAX_ERROR_BODY_BYTES, parseRetryAfter, readCapped } from "../core/mod.ts";
import { readErrorBody } from "../distribution/mod.ts";
import type { RateLimitFacts } from "../transport/mod.ts";

/** A 429, understood. */
export interface PullRefusal {
  /** It is about the pull limit, and not about too many requests at a time, which passes by itself. */
  readonly isLimit: boolean;
  /** The earliest next try, in milliseconds since the epoch, where the answer says it. */
  readonly retryAt: number | undefined;
  /** The answer, to be read by whoever comes next. */
  readonly response: Response;
}

const STALL_MS = 5_000;

/** Read a 429 of a manifest: by its headers, or by what it says. */
export async function readPullRefusal(
  response: Response,
  facts: RateLimitFacts | undefined,
  origin: string,
  clock: Clock,
): Promise<PullRefusal> {
  const { body, headers, status } = response;
  const retryAt = parseRetryAfter(headers.get("retry-after"), clock.now());
  if (facts?.remaining !== undefined) return { isLimit: facts.remaining === 0, retryAt, response };
  const cap = { what: "error body", maximum: MAX_ERROR_BODY_BYTES, stallMs: STALL_MS };
  const bytes = await readCapped(body, { ...cap, origin, clock }).catch(() => new Uint8Array(0));
  const said = readErrorBody(bytes, headers.get("content-type"));
  const isLimit = said.some(({ message }) => /\bpull rate limit\b/i.test(message));
  return { isLimit, retryAt, response: new Response(bytes, { status, headers }) };
}
