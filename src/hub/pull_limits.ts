import { type Clock, type Fetch, TidegateError } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { readRateLimit } from "../transport/mod.ts";
import {
  budgetResetAt,
  createPullBudget,
  isNewlyLow,
  mayPull,
  renewWindow,
  seeBudget,
  seeExhausted,
  seeUnlimited,
} from "./pull_budget.ts";
import { readPullRefusal } from "./pull_refusal.ts";

/** How pull limits are kept. */
export interface PullLimitSettings {
  /** An event tells when so many pulls are left. Default is 10. */
  readonly lowThreshold: number;
  /**
   * Longest wait for the end of a window before a single pull, in milliseconds, up to 30 minutes.
   * Default is 0: it fails at once.
   */
  readonly waitMs: number;
  /** Whether what the registry says is kept at all. Default is `true`. */
  readonly track: boolean;
}

/** How many pulls are left, as far as is known. */
export interface RateLimitStatus {
  /** Pulls per window; `undefined` for no limit. Until an answer has told: 100, with a login 200. */
  readonly limit: number | undefined;
  /** Pulls left in this window; `undefined` for no limit. */
  readonly remaining: number | undefined;
  readonly windowSeconds: number;
  /** Latest end of the window, in milliseconds since the epoch; `undefined` before an answer. */
  readonly resetAt: number | undefined;
  /** Whom the pulls are counted against: an address or an account. */
  readonly source: string | undefined;
  /** Whether there are credentials. */
  readonly authenticated: boolean;
}

/** Keeps the limit of one registry's pulls. */
export interface PullLimits {
  status(): RateLimitStatus;
  /** Whether there is no need to ask: an answer has told, or nothing that it tells is kept. */
  isKnown(): boolean;
  /**
   * Ask before a pull, waiting for the window's end no longer than `waitMs`.
   *
   * @throws {TidegateError} PULL_LIMIT_EXCEEDED.
   */
  ready(waitMs: number, signal?: AbortSignal): Promise<void>;
  /** Puts the check before, and the reading behind, every exchange about a manifest. */
  guard(fetch: Fetch): Fetch;
}

/** What {@linkcode createPullLimits} works with. */
export interface PullLimitOptions {
  /** The registry's origin. Exchanges with others are let through unseen. */
  readonly origin: string;
  readonly upstream: string;
  readonly settings: PullLimitSettings;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
  /** Whether there are credentials for the registry. */
  readonly isAuthenticated: () => Promise<boolean>;
  /** What to take it for until that is known. */
  readonly hasCredentials: boolean;
  /** Longest `Retry-After` that the transport waits out by itself, in milliseconds. */
  readonly retryAfterMs: number;
}

/** A wait longer than this is never begun. */
export const LONGEST_PULL_WAIT_MS: number = 30 * 60_000;

/**
 * Keep the pull limit: fed by the headers of each answer about a manifest, asked before each GET of
 * one. HEAD counts as no pull and is never refused.
 *
 * @see {@linkcode PullLimits}
 */
export function createPullLimits(options: PullLimitOptions): PullLimits {
  const { clock, observer, settings, upstream } = options;
  let authenticated = options.hasCredentials;
  let isAsked = false;
  const budget = createPullBudget(authenticated);
  const learnWho = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    authenticated = await options.isAuthenticated();
    if (authenticated !== options.hasCredentials && !budget.isSeen) {
      Object.assign(budget, createPullBudget(authenticated), { inFlight: budget.inFlight });
    }
  };
  const exceeded = (resetAt = budgetResetAt(budget)): Error =>
    limitExceeded(resetAt, authenticated);
  const announce = (): void => {
    const { limit, remaining = 0 } = budget;
    const { lowThreshold: threshold } = settings;
    if (!isNewlyLow(budget, threshold)) return;
    const resetAt = budgetResetAt(budget);
    observe(observer, { type: "rate_limit.low", upstream, limit, remaining, threshold, resetAt });
  };
  const see = async (response: Response): Promise<Response> => {
    const facts = readRateLimit(response.headers);
    if (facts !== undefined) seeBudget(budget, facts, clock.now());
    else if (response.ok) seeUnlimited(budget);
    if (response.status !== 429) {
      announce();
      return response;
    }
    const refusal = await readPullRefusal(response, facts, options.origin, clock);
    const { isLimit, retryAt } = refusal;
    if (isLimit) seeExhausted(budget, retryAt);
    announce();
    const isShort = retryAt !== undefined && retryAt - clock.now() <= options.retryAfterMs;
    if (isLimit && !isShort) throw exceeded(retryAt);
    return refusal.response;
  };
  const exchange = async (fetch: Fetch, request: Request): Promise<Response> => {
    await learnWho();
    if (request.method === "HEAD") return await see(await fetch(request));
    if (!mayPull(budget, clock.now())) throw exceeded();
    budget.inFlight++;
    let response: Response;
    try {
      response = await fetch(request);
    } finally {
      budget.inFlight--;
    }
    return await see(response);
  };

  return {
    status(): RateLimitStatus {
      renewWindow(budget, clock.now());
      const { limit, remaining, windowSeconds, source } = budget;
      return {
        ...{ limit, remaining, windowSeconds, source, authenticated },
        resetAt: budgetResetAt(budget),
      };
    },
    isKnown: () => !settings.track || budget.isSeen || budget.remaining === undefined,
    async ready(waitMs, signal): Promise<void> {
      while (!mayPull(budget, clock.now())) {
        const wait = (budgetResetAt(budget) ?? Infinity) - clock.now();
        if (wait > Math.min(waitMs, LONGEST_PULL_WAIT_MS)) throw exceeded();
        await clock.sleep(wait, signal);
      }
    },
    guard: (fetch) => (request) =>
      settings.track && isManifest(request, options.origin)
        ? exchange(fetch, request)
        : fetch(request),
  };
}

function isManifest({ method, url }: Request, origin: string): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const at = new URL(url);
  return at.origin === origin && /^\/v2\/.+\/manifests\/[^/]+$/.test(at.pathname);
}

function limitExceeded(
  resetAt: number | undefined,
  isAuthenticated: boolean,
): TidegateError<"PULL_LIMIT_EXCEEDED"> {
  const suggestion = isAuthenticated
    ? "wait until the window ends, pull through a cache, or subscribe: paid plans have no limit"
    : "log in: with an account there are 200 pulls in 6 hours instead of 100";
  const message = `Docker Hub's pull limit is used up: ${suggestion}`;
  const details = { resetAt, isAuthenticated, suggestion };
  return new TidegateError("PULL_LIMIT_EXCEEDED", message, details);
}
