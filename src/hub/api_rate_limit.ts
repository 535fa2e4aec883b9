import { parseRetryAfter } from "../core/mod.ts";

/** How many calls Docker Hub's API still allows. Pulls are counted apart. */
export interface ApiRateLimit {
  /** Calls per window, which is a minute. */
  readonly limit: number | undefined;
  /** Calls left in this window. */
  readonly remaining: number | undefined;
  /** When the window ends, in milliseconds since the epoch. */
  readonly resetAt: number | undefined;
}

/**
 * Read `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds), and `Retry-After`, which says
 * it better where it is there.
 *
 * @param now Milliseconds since the epoch.
 * @returns Undefined when the answer says nothing about a limit.
 */
export function readApiRateLimit(headers: Headers, now: number): ApiRateLimit | undefined {
  const limit = readNumber(headers, "limit");
  const remaining = readNumber(headers, "remaining");
  const reset = readNumber(headers, "reset");
  const retryAt = parseRetryAfter(headers.get("retry-after"), now);
  const resetAt = retryAt ?? (reset === undefined ? undefined : reset * 1000);
  const isTold = limit !== undefined || remaining !== undefined || resetAt !== undefined;
  return isTold ? { limit, remaining, resetAt } : undefined;
}

function readNumber(headers: Headers, name: string): number | undefined {
  const value = headers.get(`x-ratelimit-${name}`) ?? headers.get(`ratelimit-${name}`);
  const match = /^\s*(\d{1,12})\s*(?:$|;|,)/.exec(value?.slice(0, 256) ?? "");
  return match === null ? undefined : Number(match[1]);
}
