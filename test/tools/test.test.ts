import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Run, runAll, timedFiles, totalsOf } from "../../tools/test.ts";

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

  it("name their tests so that they are chosen", () => {
    for (const file of timedFiles()) {
      const tests = readFileSync(file, "utf8").split(/^ *(?=it[.(])/m).slice(1);
      for (const test of tests.filter((text) => text.includes("expectFast("))) {
        expect(test).toMatch(/fast|50 ms|in no time/);
      }
    }
  });
});

describe("runAll()", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = 0;
  });

  /** Something like vitest, that leaves this report. */
  const fake = (name: string, afterMs: number, report: string): Run => {
    const write = `fs.writeFileSync(process.argv.at(-1).split("=")[1], '${report}')`;
    const code = `console.log("I am ${name}"); setTimeout(() => ${write}, ${afterMs})`;
    return { name, command: "node", args: ["-e", code, "--"] };
  };

  it.each([1, 2])("adds up what they say, in their order: %i at once", async (atOnce) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
    const good = '{"numPassedTests":3,"numFailedTests":0,"success":true}';
    await runAll([fake("slow", 300, good), fake("mute", 0, ""), fake("cut", 0, "{")], atOnce);
    expect(lines.slice(-4)).toEqual([
      ...["slow: 3, 0 failed", "mute: 0, 1 failed", "cut: 0, 1 failed", "3 passed, 2 failed"],
    ]);
    expect(process.exitCode).toBe(1);
    if (atOnce > 1) expect(lines.join("\n")).toMatch(/=== slow\nI am slow/);
  });

  it.each([[0, 1], [3, 0]])("with %i passed ends with exit code %i", async (passed, code) => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const report = `{"numPassedTests":${passed},"numFailedTests":0,"success":true}`;
    process.exitCode = 0;
    await runAll([fake("one", 0, report)]);
    expect(process.exitCode).toBe(code);
  });
});
