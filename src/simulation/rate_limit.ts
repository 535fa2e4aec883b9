import { bearerToken } from "./basic.ts";
import { errorReply } from "./error_body.ts";
import { withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange, PullCount, RateLimit } from "./registry_state.ts";

/** Count a manifest request and add the limit's headers, or refuse it with 429. */
export function limitPulls(exchange: Exchange, reply: Reply): Reply {
  const { clock } = exchange.state;
  const rule = ruleFor(exchange);
  if (rule === undefined) return reply;
  const { rateLimit, count } = rule;
  if (clock.now() >= count.startedAt + rateLimit.windowSeconds * 1000) {
    Object.assign(count, { pulls: 0, startedAt: clock.now() });
  }
  const isPull = exchange.request.method === "GET";
  const isOver = isPull && count.pulls >= rateLimit.limit;
  if (isPull && !isOver) count.pulls++;
  return withHeaders(isOver ? tooMany(rateLimit) : reply, limitHeaders(rateLimit, count));
}

interface Rule {
  readonly rateLimit: RateLimit;
  readonly count: PullCount;
}

/** Whose limit it is: the account's, or that of all who come from the address. */
function ruleFor({ state, request }: Exchange): Rule | undefined {
  const { settings: { auth, rateLimit }, count, counts, clock } = state;
  if (rateLimit === undefined) return undefined;
  const token = bearerToken(request.headers.get("authorization") ?? "");
  const user = auth.mode === "bearer" ? auth.tokens.grantOf(token ?? "")?.user : undefined;
  const limit = user === undefined ? undefined : rateLimit.users?.[user];
  if (user === undefined || limit === undefined) return { rateLimit, count };
  if (limit === Infinity) return undefined;
  const own = counts.get(user) ?? { pulls: 0, startedAt: clock.now() };
  counts.set(user, own);
  return { rateLimit: { ...rateLimit, limit, source: user }, count: own };
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
