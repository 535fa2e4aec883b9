import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TidegateError } from "../../../src/core/mod.ts";
import { createResumeProgress, isResumable } from "../../../src/client/resume_progress.ts";
import { RESUME } from "../../../src/client/resume_settings.ts";

const MIB = 1024 * 1024;

describe("createResumeProgress()", () => {
  it("lets the first resume pass at once, even without a byte", () => {
    expect(createResumeProgress(0, RESUME).next(0, 0, 0.9)).toBe(0);
  });

  it("lets resumes pass for ever as long as each brings 1 MiB, without waiting", () => {
    const progress = createResumeProgress(0, RESUME);
    for (let i = 1; i <= 1000; i++) expect(progress.next(i * MIB, i, 0.9)).toBe(0);
    expect(progress.count).toBe(1000);
  });

  it("lets resumes pass for ever that are a minute apart, if they bring anything", () => {
    const progress = createResumeProgress(0, RESUME);
    for (let i = 1; i <= 1000; i++) expect(progress.next(i, i * 60_000, 0.9)).toBe(0);
  });

  it("gives up after 64 in a row that bring little, and waits between them", () => {
    const progress = createResumeProgress(0, RESUME);
    expect(progress.next(1, 0, 0.9)).toBe(0);
    for (let i = 2; i <= 65; i++) expect(progress.next(i, i, 0.5)).toBe(125);
    expect(progress.next(66, 66, 0.5)).toContain("brought little");
  });

  it("gives up after 4 in a row that bring nothing, waiting twice as long each time", () => {
    const progress = createResumeProgress(10, RESUME);
    const waits = Array.from({ length: 6 }, () => progress.next(10, 0, 1));
    expect(waits.slice(0, 5)).toEqual([0, 500, 1000, 2000, 4000]);
    expect(waits[5]).toContain("brought no byte");
  });

  it("forgets what was before after good progress", () => {
    const progress = createResumeProgress(0, RESUME);
    for (let i = 0; i < 4; i++) progress.next(0, 0, 0);
    expect(progress.next(MIB, 0, 0)).toBe(0);
    expect(progress.next(MIB, 0, 1)).toBe(500);
  });

  it("ends any transfer that never makes good progress", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 70, maxLength: 90 }), (gains) => {
        const progress = createResumeProgress(0, RESUME);
        let offset = 0;
        const outcomes = gains.map((gain) => progress.next(offset += gain, 0, 0.5));
        expect(outcomes.some((outcome) => typeof outcome === "string")).toBe(true);
        expect(progress.count).toBeLessThanOrEqual(65);
      }),
    );
  });
});

describe("isResumable()", () => {
  it("holds for what another connection could mend, and for nothing else", () => {
    const details = { origin: "https://registry.test" };
    const error = (code: "NETWORK_ERROR" | "UNAUTHORIZED"): TidegateError =>
      new TidegateError(code, "x", { ...details, reason: "x", status: 401, diagnostics: [] });
    expect(isResumable(error("NETWORK_ERROR"))).toBe(true);
    expect(isResumable(error("UNAUTHORIZED"))).toBe(false);
    expect(isResumable(new Error("x"))).toBe(false);
    expect(isResumable(undefined)).toBe(false);
  });
});
