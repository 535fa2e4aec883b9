import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isTidegateError,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  TidegateError,
} from "../../../src/core/mod.ts";
import { withRetry } from "../../../src/transport/retry.ts";
import {
  answer,
  blobRequest,
  fixedRandom,
  testSettings,
  UPSTREAM,
} from "../../support/transport.ts";
import { createVirtualClock, type VirtualClock } from "../../support/virtual_clock.ts";

/*
 * Any number of requests over one state, before a server that does as it is told: when each try comes,
 * how many there are, and when it ends.
 */

const ATTEMPTS = 4;
const BASE_MS = 250;
const MAXIMUM_MS = 30_000;
const RETRY_AFTER_MS = 60_000;
const TOTAL_MS = 120_000;

/** What the server does with the next try: a status, or 0 for a broken connection. */
interface Plan {
  readonly status: number;
  readonly retryAfter?: string | undefined;
}

/** A request as the server sees it. */
interface Tracked {
  readonly startedAt: number;
  readonly kind: "GET" | "POST" | "stream";
  readonly tries: number[];
  /** Earliest and latest next try, by what it was answered. */
  notBefore: number;
  notAfter: number;
  mayCome: boolean;
  endedAt: number | undefined;
}

interface Model {
  readonly plans: Plan[];
}

interface Real {
  readonly clock: VirtualClock;
  readonly chance: number;
  readonly send: Send;
  readonly tracked: Map<string, Tracked>;
  readonly aborts: AbortController[];
  readonly work: Promise<void>[];
  readonly wrong: string[];
  /** The host wants no requests: since when that is known, and until when. */
  quiet: { readonly since: number; readonly until: number };
}

function fresh(model: Model, chance: number): Real {
  const clock = createVirtualClock(3);
  const settings = testSettings(clock, {
    retry: {
      ...{ attempts: ATTEMPTS, baseMs: BASE_MS, maximumMs: MAXIMUM_MS },
      retryAfterMs: RETRY_AFTER_MS,
    },
    timeouts: { headersMs: 30_000, totalMs: TOTAL_MS },
    random: fixedRandom(chance),
  });
  const real: Real = {
    ...{ clock, chance, tracked: new Map(), aborts: [], work: [], wrong: [] },
    quiet: { since: 0, until: 0 },
    send: withRetry(settings)((request) => serve(model, real, request)),
  };
  return real;
}

async function serve(
  model: Model,
  real: Real,
  { url }: RegistryRequest,
): Promise<RegistryResponse> {
  const request = real.tracked.get(url) as Tracked;
  const now = real.clock.now();
  judgeTry(real, request, now);
  request.tries.push(now);
  const plan = model.plans.shift() ?? { status: 200 };
  expectNext(real, request, plan, now);
  if (plan.status === 0) {
    const { origin } = UPSTREAM;
    throw new TidegateError("NETWORK_ERROR", "The connection broke", { origin, reason: "x" });
  }
  const { retryAfter } = plan;
  return answer(plan.status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
}

function judgeTry({ quiet, wrong }: Real, request: Tracked, now: number): void {
  const { endedAt, mayCome, notAfter, notBefore, startedAt, tries } = request;
  if (endedAt !== undefined) wrong.push("a try after its end");
  if (!mayCome) wrong.push(`a try of ${request.kind} that must not be repeated`);
  if (tries.length >= ATTEMPTS) wrong.push("one try too many");
  if (now < notBefore) wrong.push(`${notBefore - now} ms before its Retry-After`);
  if (now > quiet.since && now < quiet.until) wrong.push(`${quiet.until - now} ms into the quiet`);
  if (now > startedAt + TOTAL_MS) wrong.push("after its time");
  const latest = Math.max(notAfter, quiet.until + BASE_MS);
  if (now > latest) wrong.push(`${now - latest} ms late`);
}

/** When the specification wants the next try, if any. */
function expectNext(real: Real, request: Tracked, { status, retryAfter }: Plan, now: number): void {
  const isTransient = [0, 408, 429, 500, 503].includes(status);
  const isRepeatable = request.kind === "GET" || (request.kind === "POST" && status === 429);
  const told = Number(/^\d+$/.test(retryAfter ?? "") ? retryAfter : NaN) * 1000;
  const asked = status !== 0 && !Number.isNaN(told) ? told : 0;
  const most = Math.min(MAXIMUM_MS, BASE_MS * 2 ** (request.tries.length - 1));
  request.notBefore = now + asked;
  request.notAfter = now + asked + most;
  request.mayCome = isTransient && isRepeatable && asked <= RETRY_AFTER_MS;
  const delay = asked + real.chance * most;
  const willCome = request.mayCome && request.tries.length < ATTEMPTS &&
    now + delay < request.startedAt + TOTAL_MS;
  if (!willCome || (status !== 429 && status !== 503)) return;
  const until = now + (Number.isNaN(told) ? delay : told);
  if (until > real.quiet.until) real.quiet = { since: now, until };
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real): Promise<void> {
      await run(model, real);
      await real.clock.advance(0);
      expect(real.wrong).toEqual([]);
    },
  };
}

const plan = (plans: readonly Plan[]): Command =>
  command(`plan ${JSON.stringify(plans)}`, async ({ plans: all }) => void all.push(...plans));

const start = (kind: Tracked["kind"]): Command =>
  command(`start ${kind}`, async (_, real) => void begin(real, kind));

function begin(real: Real, kind: Tracked["kind"]): Promise<void> {
  const { clock, send, tracked } = real;
  const startedAt = clock.now();
  const request: Tracked = {
    ...{ startedAt, kind, tries: [], notBefore: 0, mayCome: true, endedAt: undefined },
    notAfter: startedAt,
  };
  const url = `${blobRequest().url}?n=${tracked.size}`;
  tracked.set(url, request);
  const controller = new AbortController();
  real.aborts.push(controller);
  const sent = send(blobRequest({
    ...{ url, signal: controller.signal, method: kind === "GET" ? "GET" : "POST" },
    ...kind === "stream" && { method: "PUT", body: new ReadableStream() },
  }));
  const done = sent.then(() => {}, (error: unknown) => {
    const isTyped = isTidegateError(error) || error === controller.signal.reason;
    if (!isTyped) real.wrong.push(`an error that is ${String(error)}`);
  }).then(() => void (request.endedAt = clock.now()));
  real.work.push(done);
  return done;
}

const pass = (ms: number): Command =>
  command(`pass ${ms}`, async (_, { clock }) => await clock.advance(ms));

const abort: Command = command("abort", async (_, real) => real.aborts.shift()?.abort("enough"));

/** All end in their time, nothing is left over, and the next one gets through. */
async function recover(model: Model, real: Real): Promise<void> {
  const { clock, tracked, work } = real;
  await clock.run(Promise.all(work));
  for (const { endedAt, startedAt } of tracked.values()) {
    expect((endedAt ?? Infinity) - startedAt).toBeLessThanOrEqual(TOTAL_MS);
  }
  expect(clock.pending).toBe(0);
  model.plans.length = 0;
  const from = clock.now();
  await clock.run(begin(real, "GET"));
  expect([...tracked.values()].at(-1)?.tries).toHaveLength(1);
  const quietMs = Math.max(0, real.quiet.until - from);
  expect(quietMs).toBeLessThanOrEqual(RETRY_AFTER_MS);
  expect(clock.now() - from).toBeLessThanOrEqual(quietMs + BASE_MS);
  expect(real.wrong).toEqual([]);
}

describe("withRetry()", () => {
  it("is never early, never more than its budget, and always ends", async () => {
    const one = fc.record({
      status: fc.constantFrom(200, 404, 408, 429, 429, 500, 503, 0),
      retryAfter: fc.option(fc.constantFrom("0", "1", "7", "59", "61", "99999999", "soon"), {
        nil: undefined,
      }),
    });
    const commands = fc.commands([
      fc.array(one, { minLength: 1, maxLength: 6 }).map(plan),
      fc.constant(start("GET")),
      fc.constant(start("GET")),
      fc.constantFrom<Tracked["kind"]>("POST", "stream").map(start),
      fc.constantFrom(1, 100, 999, 7000, 60_000).map(pass),
      fc.constant(abort),
    ], { maxCommands: 40, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, fc.nat(99), async (all, percent) => {
        const model: Model = { plans: [] };
        const real = fresh(model, percent / 100);
        await fc.asyncModelRun(() => ({ model, real }), all);
        await recover(model, real);
      }),
      { numRuns: 150 },
    );
  });
});
