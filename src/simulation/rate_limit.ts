import { errorReply } from "./error_body.ts";
import { withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange, PullCount, RateLimit } from "./registry_state.ts";

/** Count a manifest request and add the limit's headers, or refuse it with 429. */
export function limitPulls(exchange: Exchange, reply: Reply): Reply {
  const { settings, count, clock } = exchange.state;
  const { rateLimit } = settings;
  if (rateLimit === undefined) return reply;
  if (clock.now() >= count.startedAt + rateLimit.windowSeconds * 1000) {
    Object.assign(count, { pulls: 0, startedAt: clock.now() });
  }
  const isPull = exchange.request.method === "GET";
  const isOver = isPull && count.pulls >= rateLimit.limit;
  if (isPull && !isOver) count.pulls++;
  return withHeaders(isOver ? tooMany(rateLimit) : reply, limitHeaders(rateLimit, count));
}

function tooMany({ retryAfterSeconds }: RateLimit): Reply {
  return errorReply("TOOMANYREQUESTS", "You have reached your pull rate limit", {
    headers: retryAfterSeconds === undefined ? [] : [["retry-after", String(retryAfterSeconds)]],
  });
}

function limitHeaders(
  { limit, windowSeconds, prefix = "ratelimit-", source = "192.0.2.1" }: RateLimit,
  { pulls }: PullCount,
): Record<string, string> {
  return {
    [`${prefix}limit`]: `${limit};w=${windowSeconds}`,
    [`${prefix}remaining`]: `${limit - pulls};w=${windowSeconds}`,
    "docker-ratelimit-source": source,
  };
}
