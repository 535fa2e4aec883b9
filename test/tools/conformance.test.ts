import { describe, expect, it } from "vitest";
import { judge } from "../../tools/conformance/judge.ts";
import { formatReport, formatTable } from "../../tools/conformance/report.ts";
import {
  mergeResults,
  readResults,
  type SuiteCase,
  type SuiteResults,
} from "../../tools/conformance/results.ts";

const YAML = `config:
  registry: 127.0.0.1:5000
  tls: disabled
  apis:
    ping: true
  version: "1.1"
apis:
  Blob push: Pass
  Tag listing: FAIL
  Referrers: Disabled
data:
  Image: Pass
  Sparse Manifests: Skip
`;

const JUNIT = `<testsuites>
  <testsuite name="Suite" tests="7" failures="1" errors="0" skipped="1" time="1">
    <properties><property name="Config" value="x"></property></properties>
    <testcase name="Suite/ping" classname="" time="0.1" status="passed">
      <system-err>&lt;testcase name=&#34;Suite/no&#34; status=&#34;passed&#34;&gt;</system-err>
    </testcase>
    <testcase name="Suite/blobs/post &amp; put/push" classname="" time="0.1" status="failure">
      <system-out>unexpected status</system-out>
    </testcase>
    <testcase name="Suite/blobs/mount" classname="" time="0.1" status="skipped"></testcase>
    <testcase name="Suite/blobs/get" classname="" time="0.1" status="error"></testcase>
  </testsuite>
</testsuites>
`;

describe("readResults()", () => {
  it("takes the settings and statuses from one file and the cases from the other", () => {
    expect(readResults(YAML, JUNIT)).toEqual({
      version: "1.1",
      registry: "127.0.0.1:5000",
      apis: { "Blob push": "Pass", "Tag listing": "FAIL", Referrers: "Disabled" },
      data: { Image: "Pass", "Sparse Manifests": "Skip" },
      cases: [
        { name: "ping", status: "passed" },
        { name: "blobs/post & put/push", status: "failure" },
        { name: "blobs/mount", status: "skipped" },
        { name: "blobs/get", status: "error" },
      ],
      counted: 7,
    });
  });

  it.each([
    ["an empty results.yaml", "", JUNIT],
    ["one that stops halfway", YAML.slice(0, YAML.indexOf("data:")), JUNIT],
    ["one that is a list", "- config\n- apis\n- data\n", JUNIT],
    ["a status that is not known", YAML.replace("FAIL", "Perhaps"), JUNIT],
    ["an empty junit.xml", YAML, ""],
    ["one without a case", YAML, '<testsuite name="Suite" tests="0"></testsuite>'],
    ["cases without their suite", YAML, JUNIT.replace("<testsuite ", "<suite ")],
  ])("%s is no result", (_, yaml, junit) => {
    expect(() => readResults(yaml, junit)).toThrow(Error);
  });
});

describe("mergeResults()", () => {
  const [a, b] = [resultsOf([["a", "passed"]]), resultsOf([["b", "failure"]])];

  it("adds the cases and keeps the worse status", () => {
    const merged = mergeResults([
      { ...a, apis: { Ping: "Pass", Get: "Disabled", Put: "Unknown" } },
      { ...b, apis: { Ping: "FAIL", Get: "Skip", Put: "Disabled" } },
    ]);
    expect(merged.apis).toEqual({ Ping: "FAIL", Get: "Skip", Put: "Disabled" });
    expect(merged.cases.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(merged.counted).toBe(2);
  });

  it("refuses to make something of nothing", () => {
    expect(() => mergeResults([])).toThrow(TypeError);
  });
});

describe("judge()", () => {
  const run = resultsOf([["a", "passed"], ["b", "failure"], ["b", "error"], ["c", "skipped"]]);

  it("counts every failure where no other registry excuses it", () => {
    expect(judge(run, { cases: 4 })).toMatchObject({
      passed: 1,
      skipped: 1,
      failing: ["b", "b"],
      failures: ["b", "b"],
    });
  });

  it("does not count what fails as often without the front door", () => {
    const alone = resultsOf([["b", "failure"], ["d", "failure"]]);
    expect(judge(run, { cases: 4 }, alone).failures).toEqual(["b"]);
    const worse = resultsOf([["b", "failure"], ["b", "failure"]]);
    expect(judge(run, { cases: 4 }, worse).failures).toEqual([]);
  });

  it("names what runs without the front door only", () => {
    const alone = resultsOf([["c", "passed"]]);
    expect(judge(run, { cases: 4 }, alone).lost).toEqual(["c"]);
  });

  it("counts the skips that are too many, and a run that is too short", () => {
    const skips = resultsOf([["a", "skipped"], ["b", "skipped"], ["c", "skipped"]]);
    expect(judge(skips, { cases: 3, skips: 2 }).failures).toEqual(["skipped: c"]);
    expect(judge(skips, { cases: 4 }).failures).toEqual(["only 3 cases ran, fewer than 4"]);
  });
});

describe("the report", () => {
  const results = { ...resultsOf([["g/a", "passed"], ["g/b", "failure"], ["g/b", "failure"]]) };
  const target = {
    ...{ name: "x", title: "the registry", registry: "127.0.0.1:1", settings: {} },
    rule: { cases: 1 },
  };
  const verdict = judge(results, target.rule);

  it("has one line for each target", () => {
    const cells = (line = "") => line.split("|").map((cell) => cell.trim()).filter(Boolean);
    const lines = formatTable([{ target, results, verdict }]).split("\n");
    expect(lines.length).toBe(3);
    expect(cells(lines[2])).toEqual([
      ...["the registry", "1 of 2", "0 of 0", "3", "3", "1", "2", "0", "2"],
    ]);
  });

  it("names each failure once, with how often it occurred, below its group", () => {
    const text = formatReport([{ target, results, verdict }]);
    expect(text).toContain("### The registry: failed\n\n- g: b (2)");
    expect(text).not.toContain("skipped\n\n-");
  });

  it("shows a target that left no results, and why", () => {
    const none = { ...verdict, passed: 0, failing: [], failures: ["Error: no results"] };
    const text = formatReport([{ target, verdict: none }]);
    expect(text).toContain("- Error: no results");
  });
});

function resultsOf(cases: readonly (readonly [string, SuiteCase["status"]])[]): SuiteResults {
  return {
    version: "1.1",
    registry: "127.0.0.1:5000",
    apis: { Ping: "Pass", Referrers: "Disabled" },
    data: {},
    cases: cases.map(([name, status]) => ({ name, status })),
    counted: cases.length,
  };
}
