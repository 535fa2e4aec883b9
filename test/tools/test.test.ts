import { describe, expect, it } from "vitest";
import { timedFiles, totalsOf } from "../../tools/test.ts";

const report = (numPassedTests: number, numFailedTests: number, success: boolean) => ({
  numPassedTests,
  numFailedTests,
  success,
});

describe("totalsOf()", () => {
  it("takes the counts of a run that went well", () => {
    expect(totalsOf(0, report(5, 0, true))).toEqual({ passed: 5, failed: 0 });
  });

  it("takes the failures of one that did not", () => {
    expect(totalsOf(1, report(5, 2, false))).toEqual({ passed: 5, failed: 2 });
  });

  it.each([
    ["a status without a failed test", 1, report(5, 0, true)],
    ["a file that did not load", 0, report(5, 0, false)],
    ["no report at all", 0, undefined],
  ])("counts %s as one failure", (_, status, seen) => {
    expect(totalsOf(status, seen).failed).toBe(1);
  });
});

describe("timedFiles()", () => {
  it("are those that time something, and no others", () => {
    const files = timedFiles();
    expect(files).toContain("test/unit/auth/challenge.test.ts");
    expect(files).not.toContain("test/unit/auth/token_cache.test.ts");
  });
});
