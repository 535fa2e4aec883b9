import { type Clock, parseRetryAfter } from "../core/mod.ts";

/** What is left of the budget that GitHub gives a token, or an address without one. */
export interface ApiRateLimit {
  /** Requests in a window: 60 without a token, 5000 with one, 1000 in a workflow, 15000 in an enterprise. */
  readonly limit: number;
  readonly remaining: number;
  /** When it is full again, in milliseconds since the epoch. */
  readonly resetAt: number;
  /** Which of GitHub's budgets: the Packages API uses `core`. */
  readonly resource: string;
}

/** What is known of GitHub's limits, primary and secondary. Values only. */
export interface ApiLimits {
  /** The budget as GitHub told it last. */
  readonly current: ApiRateLimit | undefined;
  /** Learn from an answer's headers. */
  note(headers: Headers): void;
  /** When the next request may be sent if the budget is used up now; undefined if it is not. */
  exhaustedUntil(): number | undefined;
  /**
   * When a refused request may be sent again; undefined when no limit refused it.
   *
   * @param text What the answer says.
   */
  nextTry(status: number, headers: Headers, text: string): number | undefined;
  /** Forget everything: another credential has another budget. */
  reset(): void;
}

const SECONDARY_WAIT_MS = 60_000; // "at least one minute", then exponentially longer
const LONGEST_WAIT_MS = 60 * 60_000;
const CORE = "core";

/**
 * Follow GitHub's limits by its own rules: obey `retry-after`; else, where nothing remains, wait for
 * `x-ratelimit-reset`; else wait a minute, and twice as long each further time.
 *
 * @see {@link https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api}
 */
export function createApiLimits({ now }: Pick<Clock, "now">): ApiLimits {
  let current: ApiRateLimit | undefined;
  let strikes = 0;
  const limits: ApiLimits = {
    get current(): ApiRateLimit | undefined {
      return current;
    },
    note(headers): void {
      const found = readApiRateLimit(headers);
      if (found?.resource === CORE) current = found;
    },
    exhaustedUntil(): number | undefined {
      const isUsedUp = current?.remaining === 0 && current.resetAt > now();
      return isUsedUp ? current?.resetAt : undefined;
    },
    nextTry(status, headers, text): number | undefined {
      if (status < 400) strikes = 0;
      if (status !== 403 && status !== 429) return undefined;
      const told = parseRetryAfter(headers.get("retry-after"), now());
      if (told !== undefined) return told;
      const found = readApiRateLimit(headers);
      if (found?.remaining === 0) return Math.max(found.resetAt, now());
      if (status === 403 && !isLimitText(text)) return undefined;
      return now() + Math.min(LONGEST_WAIT_MS, SECONDARY_WAIT_MS * 2 ** strikes++);
    },
    reset(): void {
      current = undefined;
      strikes = 0;
    },
  };
  return limits;
}

/** The budget as an answer's headers tell it; undefined when they do not, or not in full. */
export function readApiRateLimit(headers: Headers): ApiRateLimit | undefined {
  const read = (name: string): number | undefined => {
    const text = headers.get(`x-ratelimit-${name}`) ?? "";
    return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
  };
  const [limit, remaining, reset] = [read("limit"), read("remaining"), read("reset")];
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  const resource = headers.get("x-ratelimit-resource")?.slice(0, 64) ?? CORE;
  return { limit, remaining, resetAt: reset * 1000, resource };
}

/** The documented wordings; older servers speak of an abuse detection mechanism. */
function isLimitText(text: string): boolean {
  return /secondary rate limit|rate limit exceeded|abuse detection/i.test(text);
}
