import type { GithubCaller, GithubState } from "./github_state.ts";
import { jsonReply, withHeaders } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";

/** A failure as GitHub writes it. */
export function problem(status: number, message: string): Reply {
  return jsonReply(status, {
    message,
    documentation_url: "https://docs.github.com/rest",
    status: String(status),
  });
}

/** 204 has no body and no type. */
export const DONE: Reply = { status: 204, headers: [] };

/** One page of a list, with `Link` to the next one and the last (RFC 8288). */
export function pageReply(
  state: GithubState,
  { url, target }: SimulatedRequest,
  entries: readonly unknown[],
  wrap: (page: readonly unknown[]) => unknown = (page) => page,
): Reply {
  const query = new URL(url).searchParams;
  const asked = Number(query.get("per_page") ?? 30);
  const size = Math.min(Math.max(1, asked || 30), state.settings.pageSize ?? 100);
  const page = Math.max(1, Number(query.get("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(entries.length / size));
  const linkTo = (number: number, rel: string): string => {
    const next = new URL(target, state.address);
    next.searchParams.set("page", String(number));
    return `<${next.href}>; rel="${rel}"`;
  };
  const links = page < last ? [linkTo(page + 1, "next"), linkTo(last, "last")] : [];
  const reply = jsonReply(200, wrap(entries.slice((page - 1) * size, page * size)));
  return links.length === 0 ? reply : withHeaders(reply, { link: links.join(", ") });
}

const DEFAULT_LIMIT = { limit: 5000, windowSeconds: 3600 };
const FREE = "/rate_limit";

/** Count a request against the budget; refuse it with 403 where nothing remains. */
export function limitRequests(
  state: GithubState,
  { url }: SimulatedRequest,
  caller: GithubCaller | undefined,
): Reply | undefined {
  if (new URL(url).pathname === FREE) return rateLimitReply(state);
  const { limit, windowSeconds } = state.settings.rateLimit ?? DEFAULT_LIMIT;
  if (state.clock.now() >= state.startedAt + windowSeconds * 1000) {
    Object.assign(state, { used: 0, startedAt: state.clock.now() });
  }
  if (state.settings.rateLimit !== undefined && state.used >= limit) {
    const who = caller === undefined ? "192.0.2.1" : `user ID ${caller.login}`;
    return withBudget(state, problem(403, `API rate limit exceeded for ${who}.`));
  }
  state.used++;
  return undefined;
}

function rateLimitReply(state: GithubState): Reply {
  const { limit, used, remaining, reset } = budget(state);
  const core = { limit, used, remaining, reset };
  return withBudget(state, jsonReply(200, { resources: { core }, rate: core }));
}

/** An answer with the headers that tell the budget. */
export function withBudget(state: GithubState, reply: Reply): Reply {
  const facts = { ...budget(state), resource: "core" };
  const headers = Object.entries(facts).map(([name, value]) => [
    `x-ratelimit-${name}`,
    String(value),
  ]);
  return withHeaders(reply, Object.fromEntries(headers));
}

function budget(state: GithubState): Record<"limit" | "used" | "remaining" | "reset", number> {
  const { limit, windowSeconds } = state.settings.rateLimit ?? DEFAULT_LIMIT;
  const reset = Math.ceil(state.startedAt / 1000) + windowSeconds;
  return { limit, used: state.used, remaining: Math.max(0, limit - state.used), reset };
}
