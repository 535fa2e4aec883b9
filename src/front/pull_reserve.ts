import type { Clock, Layer, Upstream } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { type RateLimitFacts, readRateLimit } from "../transport/mod.ts";

/**
 * Keeps the last pulls that an upstream allows for what nobody has in a cache. Values only: Worker
 * requests may share it.
 */
export interface PullReserve {
  /** Whether only the reserve is left of an upstream's pulls, as far as its answers have told. */
  isReached(upstream: Upstream): boolean;
  /** Counts the pulls of an upstream, and reads behind each answer how many are left. */
  layer(upstream: Upstream): Layer;
}

/** What {@linkcode createPullReserve} works with. */
export interface PullReserveOptions {
  /** Pulls that are kept. */
  readonly size: number;
  readonly clock: Clock;
  readonly observer: Observer;
}

/** What an upstream has told of its pulls. */
interface Budget {
  remaining: number;
  /** The window in which it was told is over by then, in milliseconds since the epoch. */
  endsAt: number;
  isLow: boolean;
}

interface Account {
  budget: Budget | undefined;
  /** When each pull that has no answer yet was sent. */
  readonly underWay: Set<{ readonly at: number }>;
}

/** Of a registry that tells no window. GitLab counts by the minute. */
const WINDOW_SECONDS = 60;

/** A pull whose Worker request was killed never ends; no request takes so long. */
const LONGEST_PULL_MS = 180_000;

/**
 * Make a reserve for the upstreams of one door. Only answers about manifests count: Docker Hub counts
 * a GET of one as a pull, and a HEAD as none.
 *
 * What was told holds until the window must have ended, or until another answer: whoever asks by HEAD
 * before each pull learns at once that there are pulls again.
 */
export function createPullReserve(options: PullReserveOptions): PullReserve {
  const { clock, size } = options;
  const accounts = new Map<string, Account>();
  const accountOf = ({ name }: Upstream): Account => {
    const account = accounts.get(name) ?? { budget: undefined, underWay: new Set() };
    accounts.set(name, account);
    return account;
  };
  return {
    isReached(upstream): boolean {
      const account = accountOf(upstream);
      return pullsLeft(account, clock.now()) <= size;
    },
    layer: (upstream) => (next) => async (request) => {
      if (request.kind !== "manifest") return await next(request);
      const account = accountOf(upstream);
      const pull = { at: clock.now() };
      if (request.method === "GET") account.underWay.add(pull);
      try {
        const response = await next(request);
        const isOwn = new URL(response.url).origin === upstream.origin;
        if (isOwn) {
          see(options, upstream, account, readRateLimit(response.headers), response.status);
        }
        return response;
      } finally {
        account.underWay.delete(pull);
      }
    },
  };
}

function pullsLeft({ budget, underWay }: Account, now: number): number {
  if (budget === undefined || now >= budget.endsAt) return Infinity;
  for (const pull of underWay) if (now - pull.at > LONGEST_PULL_MS) underWay.delete(pull);
  return budget.remaining - underWay.size;
}

/** Take over what an answer tells; one that is good and tells nothing means that there is no limit. */
function see(
  { clock, observer, size }: PullReserveOptions,
  { name: upstream }: Upstream,
  account: Account,
  facts: RateLimitFacts | undefined,
  status: number,
): void {
  if (facts?.remaining === undefined) {
    if (status === 200) account.budget = undefined;
    return;
  }
  const { limit, remaining, windowSeconds = WINDOW_SECONDS } = facts;
  const resetAt = clock.now() + 1000 * windowSeconds;
  const isLow = remaining <= size;
  const wasLow = account.budget?.isLow === true && clock.now() < account.budget.endsAt;
  account.budget = { remaining, endsAt: resetAt, isLow };
  if (!isLow || wasLow) return;
  const known = { limit, remaining, threshold: size, resetAt };
  observe(observer, { type: "rate_limit.low", upstream, ...known });
}
