import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ApiLimits, createApiLimits } from "../../../src/ghcr/api_limits.ts";
import { withGithubLimits } from "../../../src/ghcr/limit_fetch.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";

/*
 * GitHub with its budget of an hour and its secondary limits, others who use the same token, and a
 * client that does what its limits say. GitHub keeps the time before which it told that no request is
 * welcome, and sees what comes.
 */

const LIMIT = 4;
const WINDOW_MS = 3_600_000;
const MINUTE_MS = 60_000;

interface GitHub {
  used: number;
  startedAt: number;
  secondaryUntil: number;
  /** What secondary refusals say: seconds, or nothing. */
  tellsSeconds: number | undefined;
  /** Refusals in a row that told no time. */
  strikes: number;
}

interface Real {
  readonly clock: TestClock;
  readonly limits: ApiLimits;
  readonly fetch: (request: Request) => Promise<Response>;
  /** What GitHub told last: no request before this. */
  notBefore: number;
  /** What the client took it for. */
  waitUntil: number;
}

function fresh(github: GitHub): Real {
  const clock = createTestClock();
  github.startedAt = clock.now();
  const limits = createApiLimits(clock);
  const real: Real = {
    ...{ clock, limits, notBefore: 0, waitUntil: 0 },
    fetch: withGithubLimits(() => Promise.resolve(serve(github, real)), limits, clock),
  };
  return real;
}

function turn(github: GitHub, now: number): void {
  while (now >= github.startedAt + WINDOW_MS) {
    Object.assign(github, { startedAt: github.startedAt + WINDOW_MS, used: 0 });
  }
}

function serve(github: GitHub, real: Real): Response {
  const now = real.clock.now();
  turn(github, now);
  expect(now).toBeGreaterThanOrEqual(real.notBefore); // never early
  const resetAt = github.startedAt + WINDOW_MS;
  const isSecondary = now < github.secondaryUntil;
  const isOver = github.used >= LIMIT;
  if (!isSecondary && !isOver) github.used++;
  const remaining = LIMIT - github.used;
  const headers = new Headers({
    "x-ratelimit-limit": String(LIMIT),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.ceil(resetAt / 1000)),
    "x-ratelimit-resource": "core",
  });
  const isTold = isSecondary && github.tellsSeconds !== undefined; // that goes before all else
  if (remaining === 0 && !isTold) real.notBefore = resetAt;
  if (isSecondary) return refuseSecondary(github, real, now, headers);
  if (!isOver) github.strikes = 0;
  return isOver
    ? new Response("API rate limit exceeded", { status: 403, headers })
    : new Response("{}", { headers });
}

function refuseSecondary(
  github: GitHub,
  real: Real,
  now: number,
  headers: Headers,
): Response {
  const { tellsSeconds } = github;
  if (tellsSeconds !== undefined) {
    headers.set("retry-after", String(tellsSeconds));
    real.notBefore = Math.max(real.notBefore, now + tellsSeconds * 1000);
  } else if (headers.get("x-ratelimit-remaining") !== "0") {
    const longest = Math.min(60, 2 ** github.strikes++);
    real.notBefore = Math.max(real.notBefore, now + longest * MINUTE_MS);
  }
  const text = "You have exceeded a secondary rate limit";
  return new Response(text, { status: 403, headers });
}

type Command = fc.AsyncCommand<GitHub, Real>;

function command(name: string, run: (github: GitHub, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(github, real): Promise<void> {
      turn(github, real.clock.now());
      await run(github, real);
    },
  };
}

const pass = (ms: number): Command =>
  command(`pass ${ms}`, async (_, { clock }) => clock.advance(ms));

const others = (count: number): Command =>
  command(`others ${count}`, async (github) => {
    github.used = Math.min(LIMIT, github.used + count);
  });

const strike = (ms: number, tellsSeconds: number | undefined): Command =>
  command(`strike ${ms} ${tellsSeconds}`, async (github, { clock }) => {
    Object.assign(github, { secondaryUntil: clock.now() + ms, tellsSeconds });
  });

/** A request, if the client's limits let it go. */
const request: Command = command("request", async (github, real) => {
  const { clock, fetch, limits } = real;
  const now = clock.now();
  const until = limits.exhaustedUntil();
  // what it keeps back is kept back for the budget, and no longer than that lasts
  if (until !== undefined) expect(until).toBeLessThan(github.startedAt + WINDOW_MS + 1000);
  if (until !== undefined || now < real.waitUntil) return;
  const response = await fetch(new Request("https://api.github.test/user/packages"));
  if (response.ok) return;
  expect(response.status).toBe(429);
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  real.waitUntil = now + seconds * 1000;
  // never early, and no longer than told
  expect(real.waitUntil).toBeGreaterThanOrEqual(real.notBefore);
  expect(real.waitUntil).toBeLessThanOrEqual(Math.max(real.notBefore, now) + 1000);
});

/** When everything that was told is over, requests are let go and pass, and a strike is a minute again. */
async function recover(github: GitHub, real: Real): Promise<void> {
  const { clock, fetch, limits } = real;
  github.secondaryUntil = 0;
  clock.advance(Math.max(0, real.waitUntil - clock.now()) + WINDOW_MS + 1000);
  turn(github, clock.now());
  expect(limits.exhaustedUntil()).toBeUndefined();
  const url = "https://api.github.test/user/packages";
  expect((await fetch(new Request(url))).status).toBe(200);
  Object.assign(github, { secondaryUntil: Infinity, tellsSeconds: undefined });
  const refused = await fetch(new Request(url));
  expect(refused.headers.get("retry-after")).toBe("60");
}

describe("GitHub's limits", () => {
  it("are never crossed early, never overspent, and always over some time", async () => {
    const commands = fc.commands([
      fc.constant(request),
      fc.constant(request),
      fc.constantFrom(1, 999, 20_000, MINUTE_MS, 900_000, WINDOW_MS).map(pass),
      fc.integer({ min: 1, max: LIMIT }).map(others),
      fc.tuple(
        fc.constantFrom(1000, 5 * MINUTE_MS, 3 * WINDOW_MS),
        fc.constantFrom(undefined, undefined, 0, 5, 7200),
      ).map(([ms, seconds]) => strike(ms, seconds)),
    ], { maxCommands: 80, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const github: GitHub = {
          ...{ used: 0, startedAt: 0, secondaryUntil: 0, strikes: 0, tellsSeconds: undefined },
        };
        const real = fresh(github);
        await fc.asyncModelRun(() => ({ model: github, real }), all);
        await recover(github, real);
      }),
      { numRuns: 500 },
    );
  });
});
