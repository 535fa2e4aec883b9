import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admit,
  breakerPhase,
  type BreakerSettings,
  closedBreaker,
  report,
} from "../../../src/transport/breaker_state.ts";
import type { BreakerRecord } from "../../../src/transport/state.ts";

const SETTINGS: BreakerSettings = { failureThreshold: 5, successThreshold: 2, resetMs: 30_000 };

/** The three states written out as a textbook would; the code keeps four numbers instead. */
interface Model {
  phase: "closed" | "open" | "half-open";
  failures: number;
  successes: number;
  openedAt: number;
  probe: { startedAt: number } | undefined;
  now: number;
}

interface Real {
  record: BreakerRecord;
  passages: { kind: "normal" | "probe"; startedAt: number }[];
}

function wake(model: Model): void {
  if (model.phase === "open" && model.now >= model.openedAt + SETTINGS.resetMs) {
    Object.assign(model, { phase: "half-open", successes: 0, probe: undefined });
  }
}

function trip(model: Model): void {
  Object.assign(model, { phase: "open", openedAt: model.now, failures: 0, successes: 0 });
  model.probe = undefined;
}

class Ask implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    wake(model);
    const got = admit(real.record, SETTINGS, model.now);
    const isProbing = model.probe && model.now < model.probe.startedAt + SETTINGS.resetMs;
    if (model.phase === "closed") expect(got).toBe("normal");
    else if (model.phase === "open") expect(got).toBe(model.openedAt + SETTINGS.resetMs);
    else if (isProbing) expect(got).toBeGreaterThan(model.now);
    else expect(got).toBe("probe");
    if (typeof got === "number") return;
    if (got === "probe") model.probe = { startedAt: model.now };
    real.passages.push({ kind: got, startedAt: model.now });
  }
  toString = (): string => "ask";
}

class End implements fc.Command<Model, Real> {
  readonly outcome: "success" | "failure" | "neutral";
  constructor(outcome: "success" | "failure" | "neutral") {
    this.outcome = outcome;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    wake(model);
    const passage = real.passages.pop();
    if (passage === undefined) return;
    report(real.record, SETTINGS, model.now, passage.kind, this.outcome);
    if (passage.kind === "normal" && model.phase === "closed") this.#endNormal(model);
    if (passage.kind === "probe" && model.phase !== "closed") this.#endProbe(model);
    expect(breakerPhase(real.record, SETTINGS, model.now)).toBe(model.phase);
  }
  #endNormal(model: Model): void {
    if (this.outcome === "success") model.failures = 0;
    if (this.outcome === "failure" && ++model.failures >= SETTINGS.failureThreshold) trip(model);
  }
  #endProbe(model: Model): void {
    model.probe = undefined;
    if (this.outcome === "failure") trip(model);
    if (this.outcome === "success" && ++model.successes >= SETTINGS.successThreshold) {
      Object.assign(model, { phase: "closed", failures: 0, successes: 0 });
    }
  }
  toString = (): string => `end ${this.outcome}`;
}

class Wait implements fc.Command<Model, Real> {
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    model.now += this.milliseconds;
    wake(model);
    expect(breakerPhase(real.record, SETTINGS, model.now)).toBe(model.phase);
  }
  toString = (): string => `wait ${this.milliseconds}`;
}

describe("admit() and report()", () => {
  it("behave as closed, open and half-open for any history", () => {
    const commands = fc.commands([
      fc.constant(new Ask()),
      fc.constantFrom("success", "failure", "neutral").map((outcome) => new End(outcome)),
      fc.constant(new End("failure")),
      fc.constantFrom(1, 1_000, 29_999, 30_000).map((milliseconds) => new Wait(milliseconds)),
    ], { maxCommands: 60 });
    fc.assert(
      fc.property(commands, (plan) => {
        const model: Model = {
          phase: "closed",
          failures: 0,
          successes: 0,
          openedAt: 0,
          probe: undefined,
          now: 1_000_000,
        };
        fc.modelRun(() => ({ model, real: { record: closedBreaker(), passages: [] } }), plan);
      }),
      { numRuns: 500 },
    );
  });

  it("opens at the fifth failure in a row and not before", () => {
    const record = closedBreaker();
    for (let i = 0; i < 4; i++) report(record, SETTINGS, 0, "normal", "failure");
    expect(breakerPhase(record, SETTINGS, 0)).toBe("closed");
    report(record, SETTINGS, 0, "normal", "failure");
    expect(breakerPhase(record, SETTINGS, 0)).toBe("open");
  });

  it("lets one probe through after 30 s and closes after two good ones", () => {
    const record = { ...closedBreaker(), openedAt: 0 };
    expect(admit(record, SETTINGS, 29_999)).toBe(30_000);
    expect(admit(record, SETTINGS, 30_000)).toBe("probe");
    expect(admit(record, SETTINGS, 30_001)).toBe(31_001);
    report(record, SETTINGS, 30_002, "probe", "success");
    expect(admit(record, SETTINGS, 30_003)).toBe("probe");
    report(record, SETTINGS, 30_004, "probe", "success");
    expect(breakerPhase(record, SETTINGS, 30_005)).toBe("closed");
  });
});
