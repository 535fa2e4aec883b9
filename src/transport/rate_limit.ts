/** How many pulls a registry still allows, as its answer says. */
export interface RateLimitFacts {
  /** Pulls per window. */
  readonly limit: number | undefined;
  /** Pulls left in this window. */
  readonly remaining: number | undefined;
  /** Length of the window. Docker Hub has sent 21600 and 3600: read, never assumed. */
  readonly windowSeconds: number | undefined;
  /** Whom the pulls are counted against: an address or an account. */
  readonly source: string | undefined;
}

/**
 * Read `RateLimit-Limit: 100;w=21600` and `RateLimit-Remaining`, with or without `X-`.
 *
 * @returns `undefined` when the answer carries neither: no limit, or none that is told.
 */
export function readRateLimit(headers: Headers): RateLimitFacts | undefined {
  const limit = readQuota(headers, "limit");
  const remaining = readQuota(headers, "remaining");
  if (limit === undefined && remaining === undefined) return undefined;
  return {
    limit: limit?.count,
    remaining: remaining?.count,
    windowSeconds: limit?.windowSeconds ?? remaining?.windowSeconds,
    source: headers.get("docker-ratelimit-source")?.slice(0, 256) ?? undefined,
  };
}

function readQuota(
  headers: Headers,
  name: "limit" | "remaining",
): { count: number; windowSeconds: number | undefined } | undefined {
  const value = headers.get(`ratelimit-${name}`) ?? headers.get(`x-ratelimit-${name}`) ?? "";
  const match = /^\s*(\d{1,15})\s*(?:;(?:[^;]{0,64};)?\s*w=(\d{1,10}))?/.exec(value.slice(0, 256));
  if (match === null) return undefined;
  return { count: Number(match[1]), windowSeconds: match[2] ? Number(match[2]) : undefined };
}
