import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  loggedIn,
  loginFailed,
  nextStep,
  REFRESH_AHEAD_MS,
  type SessionPhase,
  sessionPhase,
  type SessionRecord,
  signedOut,
  tokenRefused,
} from "../../../src/hub/session_state.ts";

/** The states written out; the code keeps three numbers instead. */
interface Model {
  now: number;
  token: { readonly from: number; readonly until: number } | undefined;
  pausedUntil: number;
}

function phaseOf({ now, token }: Model): SessionPhase {
  if (token === undefined) return "signed-out";
  if (now >= token.until) return "expired";
  const ahead = Math.min(REFRESH_AHEAD_MS, (token.until - token.from) / 2);
  return token.until - now <= ahead ? "expiring" : "valid";
}

function check(model: Model, record: SessionRecord): void {
  const { now, pausedUntil } = model;
  const phase = phaseOf(model);
  expect(sessionPhase(record, now)).toBe(phase);
  const step = nextStep(record, now);
  const works = phase === "valid" || phase === "expiring";
  // a token that has ended, or that there is not, is never used
  if (step === "use" || step === "refresh") expect(works).toBe(true);
  // never early: far from its end no login is made
  if (phase === "valid") expect(step).toBe("use");
  // never more: after a failure none is made before its time
  if (now < pausedUntil) expect(["use", "wait"]).toContain(step);
  // always recovers: when nothing keeps it, a login is made wherever there must be one
  else if (!works) expect(step).toBe("log-in");
  else if (phase === "expiring") expect(step).toBe("refresh");
}

class Pass implements fc.Command<Model, SessionRecord> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = (): boolean => true;
  run(model: Model, record: SessionRecord): void {
    model.now += this.ms;
    check(model, record);
  }
  toString = (): string => `pass(${this.ms})`;
}

class LogIn implements fc.Command<Model, SessionRecord> {
  readonly lifetimeMs: number;
  constructor(lifetimeMs: number) {
    this.lifetimeMs = lifetimeMs;
  }
  check = (): boolean => true;
  run(model: Model, record: SessionRecord): void {
    const until = model.now + this.lifetimeMs;
    loggedIn(record, model.now, until);
    Object.assign(model, { token: { from: model.now, until }, pausedUntil: 0 });
    expect(nextStep(record, model.now)).toBe("use");
    check(model, record);
  }
  toString = (): string => `logIn(${this.lifetimeMs})`;
}

class Fail implements fc.Command<Model, SessionRecord> {
  readonly pauseMs: number;
  constructor(pauseMs: number) {
    this.pauseMs = pauseMs;
  }
  check = (): boolean => true;
  run(model: Model, record: SessionRecord): void {
    loginFailed(record, model.now, this.pauseMs);
    model.pausedUntil = model.now + this.pauseMs;
    check(model, record);
  }
  toString = (): string => `fail(${this.pauseMs})`;
}

class Refuse implements fc.Command<Model, SessionRecord> {
  check = (): boolean => true;
  run(model: Model, record: SessionRecord): void {
    tokenRefused(record);
    model.token = undefined;
    check(model, record);
  }
  toString = (): string => "refuse";
}

describe("the states of a session", () => {
  it("are those of the model, whatever happens", () => {
    const milliseconds = fc.integer({ min: 1, max: 700_000 });
    const commands = fc.commands([
      milliseconds.map((ms) => new Pass(ms)),
      fc.integer({ min: 1, max: 60_000 }).map((ms) => new Pass(ms)),
      milliseconds.map((ms) => new LogIn(ms)),
      fc.integer({ min: 0, max: 30_000 }).map((ms) => new Fail(ms)),
      fc.constant(new Refuse()),
    ], { maxCommands: 60 });
    fc.assert(
      fc.property(commands, (all) => {
        const model: Model = { now: 1_000_000, token: undefined, pausedUntil: 0 };
        fc.modelRun(() => ({ model, real: signedOut() }), all);
      }),
      { numRuns: 500 },
    );
  });

  it("go valid, expiring, expired", () => {
    const record = signedOut();
    expect(sessionPhase(record, 0)).toBe("signed-out");
    loggedIn(record, 0, 600_000);
    expect(sessionPhase(record, 569_999)).toBe("valid");
    expect(sessionPhase(record, 570_000)).toBe("expiring");
    expect(sessionPhase(record, 600_000)).toBe("expired");
  });
});
