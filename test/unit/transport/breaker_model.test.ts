import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RegistryResponse, type Send, TidegateError } from "../../../src/core/mod.ts";
import { withBreaker } from "../../../src/transport/breaker.ts";
import { breakerPhase } from "../../../src/transport/breaker_state.ts";
import type { TransportSettings } from "../../../src/transport/settings.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";
import { answer, blobRequest, testSettings, UPSTREAM } from "../../support/transport.ts";

/*
 * The layer as clients meet it: requests that overlap, an operator who resets by hand, and what the
 * observer is told.
 */

const { origin } = UPSTREAM;
const RESET_MS = 30_000;
const FAILURES = 5;
const SUCCESSES = 2;

interface Model {
  phase: "closed" | "open" | "half-open";
  failures: number;
  successes: number;
  openedAt: number;
  probeSince: number | undefined;
  isUntold: boolean;
  /** Counts resets: what began before one says nothing about the time after it. */
  era: number;
  readonly under: { readonly era: number; readonly isProbe: boolean }[];
}

interface Real {
  readonly clock: TestClock;
  readonly settings: TransportSettings;
  readonly send: Send;
  readonly told: string[];
  /** How to end each request that was let through, and what becomes of it then. */
  readonly under: { end: (outcome: RegistryResponse | Error) => void; done: Promise<unknown> }[];
}

function fresh(): Real {
  const clock = createTestClock();
  const told: string[] = [];
  const settings = testSettings(clock as never, {
    observer: ({ type }) => void told.push(type),
    breaker: { failureThreshold: FAILURES, successThreshold: SUCCESSES, resetMs: RESET_MS },
  });
  const under: Real["under"] = [];
  const send = withBreaker(settings)(() => {
    const { promise, resolve, reject } = Promise.withResolvers<RegistryResponse>();
    const end = (outcome: RegistryResponse | Error): void =>
      outcome instanceof Error ? reject(outcome) : resolve(outcome);
    under.push({ end, done: Promise.resolve() });
    return promise;
  });
  return { clock, settings, send, told, under };
}

function wake(model: Model, now: number): void {
  if (model.phase !== "open" || now < model.openedAt + RESET_MS) return;
  Object.assign(model, { phase: "half-open", successes: 0, probeSince: undefined });
}

/** What the record says, and what an observer that was told of every change would believe. */
function check(model: Model, { clock, settings, told }: Real): void {
  wake(model, clock.now());
  const record = settings.state.breakers.get(origin);
  const phase = record ? breakerPhase(record, settings.breaker, clock.now()) : "closed";
  expect(phase).toBe(model.phase);
  const last = told.filter((type) => type.startsWith("circuit.")).at(-1);
  // of a reset by hand it hears with the next request
  if (last === "circuit.opened" && !model.isUntold) expect(model.phase).not.toBe("closed");
  if (last === "circuit.closed") expect(model.phase).toBe("closed");
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => name,
    async run(model, real): Promise<void> {
      wake(model, real.clock.now());
      await run(model, real);
    },
  };
}

/** Ask to be let through: never while open, one probe at a time afterwards, always while closed. */
const ask = command("ask", async (model, real) => {
  const { clock, send, under } = real;
  const before = under.length;
  const done = send(blobRequest()).then(() => "answered", (error: unknown) => error);
  const isLet = under.length > before;
  model.isUntold = false;
  const isBusy = model.probeSince !== undefined && clock.now() < model.probeSince + RESET_MS;
  expect(isLet).toBe(model.phase === "closed" || (model.phase === "half-open" && !isBusy));
  if (!isLet) {
    const error = await done as TidegateError<"CIRCUIT_OPEN">;
    expect(error.code).toBe("CIRCUIT_OPEN");
    expect(error.details.retryAt).toBeGreaterThan(clock.now());
    if (model.phase === "open") expect(error.details.retryAt).toBe(model.openedAt + RESET_MS);
    return;
  }
  (under.at(-1) as Real["under"][number]).done = done;
  if (model.phase === "half-open") model.probeSince = clock.now();
  model.under.push({ era: model.era, isProbe: model.phase === "half-open" });
  check(model, real);
});

const OUTCOMES: Readonly<Record<string, () => RegistryResponse | Error>> = {
  good: () => answer(200),
  bad: () => answer(502),
  broken: () => new TidegateError("NETWORK_ERROR", "The connection broke", { origin, reason: "x" }),
  "no matter": () => answer(503, { "retry-after": "1" }),
};

/** A request ends, the oldest or the newest. */
const end = (name: string, isOldest: boolean): Command =>
  command(`end ${name}`, async (model, real) => {
    const passage = isOldest ? model.under.shift() : model.under.pop();
    const request = isOldest ? real.under.shift() : real.under.pop();
    if (passage === undefined || request === undefined) return;
    request.end((OUTCOMES[name] as () => RegistryResponse | Error)());
    await request.done;
    if (passage.era === model.era) apply(model, passage.isProbe, name, real.clock.now());
    check(model, real);
  });

function apply(model: Model, isProbe: boolean, name: string, now: number): void {
  if (isProbe !== (model.phase !== "closed")) return; // of another time
  if (isProbe) model.probeSince = undefined;
  if (name === "no matter") return;
  if (name === "good") {
    model.failures = 0;
    if (isProbe && ++model.successes >= SUCCESSES) model.phase = "closed";
    return;
  }
  if (!isProbe && ++model.failures < FAILURES) return;
  Object.assign(model, { phase: "open", openedAt: now, failures: 0, successes: 0 });
  model.probeSince = undefined;
}

const wait = (ms: number): Command =>
  command(`wait ${ms}`, async (model, real) => {
    real.clock.advance(ms);
    check(model, real);
  });

/** By hand: closed at once, whatever is under way. */
const reset: Command = command("reset", async (model, real) => {
  real.settings.state.reset(origin);
  Object.assign(model, { phase: "closed", failures: 0, successes: 0, probeSince: undefined });
  model.isUntold = true;
  model.era++;
  expect(real.settings.state.breakers.has(origin)).toBe(false);
});

/** However it ended: after the time that it asks for, good probes close it. */
async function recover({ clock, send, settings, under, told }: Real): Promise<void> {
  clock.advance(2 * RESET_MS);
  for (let i = 0; i < SUCCESSES; i++) {
    const before = under.length;
    const done = send(blobRequest());
    expect(under.length).toBe(before + 1);
    under.at(-1)?.end(answer(200));
    expect((await done).status).toBe(200);
  }
  const record = settings.state.breakers.get(origin);
  expect(record?.openedAt).toBeUndefined();
  const last = told.filter((type) => type.startsWith("circuit.")).at(-1) ?? "circuit.closed";
  expect(last).toBe("circuit.closed");
}

describe("withBreaker()", () => {
  it("is never early, never lets more through, and always recovers, also when reset by hand", async () => {
    const outcome = fc.constantFrom(...Object.keys(OUTCOMES));
    const commands = fc.commands([
      fc.constant(ask),
      fc.constant(ask),
      fc.tuple(outcome, fc.boolean()).map(([name, isOldest]) => end(name, isOldest)),
      fc.constant(end("bad", true)),
      fc.constantFrom(1, 1000, RESET_MS - 1, RESET_MS).map(wait),
      fc.constant(reset),
    ], { maxCommands: 80, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const real = fresh();
        const model: Model = {
          ...{ phase: "closed", failures: 0, successes: 0, openedAt: 0, era: 0, isUntold: false },
          ...{ probeSince: undefined, under: [] },
        };
        await fc.asyncModelRun(() => ({ model, real }), all);
        await recover(real);
      }),
      { numRuns: 600 },
    );
  });
});
