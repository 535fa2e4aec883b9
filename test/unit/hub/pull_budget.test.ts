import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  budgetResetAt,
  createPullBudget,
  isNewlyLow,
  mayPull,
  type PullBudget,
  seeBudget,
  seeExhausted,
  seeUnlimited,
} from "../../../src/hub/pull_budget.ts";

const LIMIT = 5;
const WINDOW_SECONDS = 100;
const WINDOW_MS = WINDOW_SECONDS * 1000;

/** A registry that counts by fixed windows, with others who pull too. */
interface Registry {
  now: number;
  startedAt: number;
  pulls: number;
}

interface Real {
  readonly budget: PullBudget;
  /** Pulls on their way: the answer to each, when it is there. */
  readonly answers: { readonly remaining: number }[];
  /** End of the registry's own window in which it answered last. */
  windowEnd: number;
  /** Pulls that it said were left. */
  toldLeft: number;
}

function turn(registry: Registry): void {
  while (registry.now >= registry.startedAt + WINDOW_MS) {
    Object.assign(registry, { startedAt: registry.startedAt + WINDOW_MS, pulls: 0 });
  }
}

function tell(real: Real, registry: Registry, remaining: number): void {
  const { budget } = real;
  real.windowEnd = registry.startedAt + WINDOW_MS;
  real.toldLeft = remaining;
  const facts = { limit: LIMIT, remaining, windowSeconds: WINDOW_SECONDS, source: "here" };
  seeBudget(budget, facts, registry.now);
}

/** What must hold at any time when no pull is on its way. */
function check(registry: Registry, { budget, answers, windowEnd, toldLeft }: Real): void {
  turn(registry);
  if (answers.length > 0) return;
  const may = mayPull(budget, registry.now);
  const resetAt = budgetResetAt(budget);
  // always recovers: what is refused is allowed again after one window at the most
  if (!may) expect(resetAt).toBeLessThanOrEqual(registry.now + WINDOW_MS);
  // never early: that is not before the end of the window about which the registry told
  if (!may) expect(resetAt).toBeGreaterThanOrEqual(windowEnd);
  if (toldLeft === 0 && registry.now < windowEnd) expect(may).toBe(false);
}

type Command = fc.Command<Registry, Real>;

function command(name: string, run: (registry: Registry, real: Real) => void): Command {
  return {
    check: () => true,
    run(registry, real): void {
      turn(registry);
      run(registry, real);
      check(registry, real);
    },
    toString: () => name,
  };
}

const pass = (ms: number): Command =>
  command(`pass(${ms})`, (registry) => void (registry.now += ms));

const others = (count: number): Command =>
  command(`others(${count})`, (registry) => {
    registry.pulls = Math.min(LIMIT, registry.pulls + count);
  });

const head: Command = command("head", (registry, real) => {
  if (real.answers.length === 0) tell(real, registry, LIMIT - registry.pulls);
});

/** A pull is sent if it may; the registry counts it, and refuses what is too many. */
const send: Command = command("send", (registry, real) => {
  if (!mayPull(real.budget, registry.now)) return;
  real.budget.inFlight++;
  registry.pulls = Math.min(LIMIT, registry.pulls + 1);
  real.answers.push({ remaining: LIMIT - registry.pulls });
});

/** An answer comes, within the window in which it was counted. */
const answer: Command = command("answer", (registry, real) => {
  const next = real.answers.shift();
  if (next === undefined) return;
  real.budget.inFlight--;
  tell(real, registry, Math.min(next.remaining, LIMIT - registry.pulls));
});

function fresh(): Real {
  return { budget: createPullBudget(false), answers: [], windowEnd: 0, toldLeft: LIMIT };
}

describe("the pull budget", () => {
  it("is never early, never more than what is left, and always recovers", () => {
    const commands = fc.commands([
      fc.integer({ min: 1, max: 250_000 }).map(pass),
      fc.integer({ min: 1, max: 20_000 }).map(pass),
      fc.integer({ min: 1, max: LIMIT }).map(others),
      fc.constant(head),
      fc.constant(send),
      fc.constant(answer),
    ], { maxCommands: 80 });
    fc.assert(
      fc.property(commands, fc.integer({ min: 0, max: WINDOW_MS - 1 }), (all, age) => {
        const now = 1_000_000;
        const model: Registry = { now, startedAt: now - age, pulls: 0 };
        fc.modelRun(() => ({ model, real: fresh() }), all);
      }),
      { numRuns: 1000 },
    );
  });

  it("never sends more pulls than the registry said are left, however many run at once", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 20 }), (remaining) => {
      const budget = createPullBudget(true);
      const facts = { limit: 20, remaining, windowSeconds: 60, source: undefined };
      seeBudget(budget, facts, 0);
      let sent = 0;
      while (mayPull(budget, 1) && sent < 100) {
        budget.inFlight++;
        sent++;
      }
      expect(sent).toBe(remaining);
    }));
  });

  it("starts with the documented numbers, which refuse nothing", () => {
    expect(createPullBudget(false)).toMatchObject({ limit: 100, remaining: 100 });
    const budget = createPullBudget(true);
    expect(budget).toMatchObject({ limit: 200, remaining: 200, windowSeconds: 21_600 });
    expect(budgetResetAt(budget)).toBeUndefined();
    budget.inFlight = 500;
    expect(mayPull(budget, 0)).toBe(true);
  });

  it("pins the window when more are left than before", () => {
    const budget = createPullBudget(false);
    const told = { limit: 100, windowSeconds: 3600, source: undefined };
    seeBudget(budget, { ...told, remaining: 5 }, 1000);
    expect(budgetResetAt(budget)).toBe(1000 + 3_600_000);
    seeBudget(budget, { ...told, remaining: 99 }, 2000);
    expect(budget).toMatchObject({ startedAfter: 1000, startedBefore: 2000 });
    seeBudget(budget, { ...told, remaining: 98 }, 500_000);
    expect(budgetResetAt(budget)).toBe(2000 + 3_600_000);
  });

  it("believes Retry-After before its own reckoning", () => {
    const budget = createPullBudget(false);
    const facts = { limit: 100, remaining: 0, windowSeconds: 3600, source: undefined };
    seeBudget(budget, facts, 0);
    seeExhausted(budget, 5000);
    expect(mayPull(budget, 4999)).toBe(false);
    expect(mayPull(budget, 5000)).toBe(true);
  });

  it("knows no limit where none is told, and asks on where its end is not told", () => {
    const budget = createPullBudget(true);
    seeUnlimited(budget);
    expect(mayPull(budget, 0)).toBe(true);
    seeExhausted(budget, undefined);
    expect(mayPull(budget, 0)).toBe(true);
  });

  it("is newly low once in each window", () => {
    const budget = createPullBudget(false);
    const told = { limit: 100, windowSeconds: 60, source: undefined };
    const lows = [20, 10, 9, 0, 100, 10].map((remaining, i) => {
      seeBudget(budget, { ...told, remaining }, i);
      return isNewlyLow(budget, 10);
    });
    expect(lows).toEqual([false, true, false, false, false, true]);
  });
});
