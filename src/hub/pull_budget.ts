import type { RateLimitFacts } from "../transport/mod.ts";

/** Pulls in 6 hours by who asks; paid plans have no limit. What an answer says counts for more. */
export const HUB_PULL_LIMITS = { anonymous: 100, free: 200 } as const;

const WINDOW_SECONDS = 21_600; // documented; answers have also said 3600, and are believed

/** What is known of the pulls that are left. */
export interface PullBudget {
  limit: number | undefined;
  remaining: number | undefined;
  windowSeconds: number;
  source: string | undefined;
  /** An answer has told; before, the numbers are those of the documentation and refuse nothing. */
  isSeen: boolean;
  /** The window began after this time, in milliseconds since the epoch… */
  startedAfter: number;
  /** …and not after this. */
  startedBefore: number;
  /** When the last answer came. */
  seenAt: number;
  /** End of the window as the registry itself said it. */
  retryAt: number | undefined;
  /** Pulls that have been sent and not answered. */
  inFlight: number;
  /** The low threshold was told about in this window. */
  isLow: boolean;
}

/** What nobody has told anything about yet. */
export function createPullBudget(isAuthenticated: boolean): PullBudget {
  const limit = isAuthenticated ? HUB_PULL_LIMITS.free : HUB_PULL_LIMITS.anonymous;
  return {
    limit,
    remaining: limit,
    windowSeconds: WINDOW_SECONDS,
    source: undefined,
    isSeen: false,
    startedAfter: -Infinity,
    startedBefore: -Infinity,
    seenAt: -Infinity,
    retryAt: undefined,
    inFlight: 0,
    isLow: false,
  };
}

/**
 * When the window ends at the latest, in milliseconds since the epoch; undefined before an answer.
 * Never before the registry's own window does, as long as that has a fixed length.
 */
export function budgetResetAt(budget: PullBudget): number | undefined {
  if (budget.retryAt !== undefined) return budget.retryAt;
  return budget.isSeen ? budget.startedBefore + budget.windowSeconds * 1000 : undefined;
}

/** Whether a pull may be sent. What is refused may be asked again when the window has ended. */
export function mayPull(budget: PullBudget, now: number): boolean {
  renewWindow(budget, now);
  const { isSeen, remaining, inFlight } = budget;
  const resetAt = budgetResetAt(budget);
  if (resetAt === undefined || !isSeen || remaining === undefined) return true;
  return remaining - inFlight > 0;
}

/** The window that was told about is over, so nothing is known of the one that runs. */
export function renewWindow(budget: PullBudget, now: number): void {
  const resetAt = budgetResetAt(budget);
  if (resetAt === undefined || now < resetAt) return;
  const { limit } = budget;
  Object.assign(budget, { remaining: limit, isSeen: false, retryAt: undefined, isLow: false });
}

/**
 * Take over what an answer says.
 *
 * How many are left never grows within a window, so when it does, the window began between two
 * answers; otherwise it may be any that is not over, and is taken to have begun as late as can be.
 */
export function seeBudget(
  budget: PullBudget,
  { limit, remaining, windowSeconds, source }: RateLimitFacts,
  now: number,
): void {
  renewWindow(budget, now);
  const hasGrown = (remaining ?? 0) > (budget.remaining ?? 0);
  const isOther = limit !== budget.limit || source !== budget.source ||
    (windowSeconds ?? budget.windowSeconds) !== budget.windowSeconds;
  const lengthMs = (windowSeconds ?? budget.windowSeconds) * 1000;
  const isFirst = !budget.isSeen || isOther;
  if (isFirst) begin(budget, now - lengthMs, now);
  // answers to pulls that ran side by side may come in another order than they were counted in
  else if (hasGrown) begin(budget, budget.inFlight > 0 ? budget.startedAfter : budget.seenAt, now);
  else if (now >= budget.startedAfter + lengthMs) budget.startedBefore = now;
  Object.assign(budget, { limit, remaining, source, isSeen: true, seenAt: now });
  budget.windowSeconds = lengthMs / 1000;
}

function begin(budget: PullBudget, after: number, before: number): void {
  Object.assign(budget, { startedAfter: after, startedBefore: before, retryAt: undefined });
}

/** An answer without a word of limits: there is none for whoever asks. */
export function seeUnlimited(budget: PullBudget): void {
  Object.assign(budget, { limit: undefined, remaining: undefined, isSeen: false });
}

/** The registry refused a pull because the limit is used up. */
export function seeExhausted(budget: PullBudget, retryAt: number | undefined): void {
  budget.remaining = 0;
  if (retryAt === undefined) return;
  budget.isSeen = true;
  budget.retryAt = retryAt;
}

/** Whether the pulls have just come down to the threshold: true once in each window. */
export function isNewlyLow(budget: PullBudget, threshold: number): boolean {
  const isLow = budget.remaining !== undefined && budget.isSeen && budget.remaining <= threshold;
  const isNew = isLow && !budget.isLow;
  budget.isLow = isLow;
  return isNew;
}
