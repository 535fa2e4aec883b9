import fc from "fast-check";
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

describe("readResults(): properties", () => {
  const status = fc.constantFrom<SuiteCase["status"]>("passed", "skipped", "failure", "error");
  const character = fc.oneof(
    fc.string({ minLength: 1, maxLength: 1 }),
    fc.constantFrom("\n", "\t", "<", "&", '"'),
  );
  const text = fc.string({ unit: character, minLength: 1 });

  it("undoes what Go's writer does to names", () => {
    fc.assert(fc.property(fc.array(fc.tuple(text, status, text), { minLength: 1 }), (list) => {
      const cases = list.map(([name, status]) => ({ name, status }));
      expect(readResults(YAML, junitOf(list)).cases).toEqual(cases);
    }));
  });

  it("throws nothing but errors", () => {
    const piece = fc.constantFrom(
      ...["<testcase name=", "<testsuite name=", '"', " status=", "passed", "&#", ";", ">", "\n"],
      ...["config:", "apis:", "data:", " ", "{", "[", "&a", "*a", "Pass", "- "],
    );
    const pieces = fc.array(fc.oneof(piece, text)).map((list) => list.join(""));
    fc.assert(fc.property(pieces, pieces, (yaml, junit) => {
      for (const read of [() => readResults(yaml, JUNIT), () => readResults(YAML, junit)]) {
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }
    }));
  });

  it.each(['<testcase name="', '<testcase name="" ', ' status="', "&#", "<"])(
    "takes 1 MiB of %j in a time that grows with its length alone",
    (piece) => {
      const junit = '<testsuite name="" tests="1"><testcase name="' + hostile(piece);
      const start = process.threadCpuUsage();
      expect(() => readResults(YAML, junit)).toThrow("no test case");
      const { user } = process.threadCpuUsage(start);
      expect(user / 1000).toBeLessThan(1000); // milliseconds; its square would take minutes
    },
  );
});

function hostile(piece: string): string {
  return piece.repeat(Math.ceil(2 ** 20 / piece.length));
}

/** What the suite's writer, which is Go's, makes of cases with their output. */
function junitOf(cases: readonly (readonly [string, string, string])[]): string {
  const lines = cases.map(([name, status, output]) =>
    `<testcase name="${escape(`S/${name}`)}" classname="" time="0.1" status="${status}">` +
    `<system-err>${escape(output)}</system-err></testcase>`
  );
  return `<testsuites>\n<testsuite name="S" tests="1">${lines.join("\n")}</testsuite></testsuites>`;
}

function escape(text: string): string {
  const references: Readonly<Record<string, string>> = {
    ...{ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&#34;", "'": "&#39;" },
    ...{ "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;" },
  };
  return text.replace(/[<>&"'\t\n\r]/g, (character) => references[character] ?? "");
}

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
    expect(judge(run, { cases: 3 })).toMatchObject({
      passed: 1,
      skipped: 1,
      failing: ["b", "b"],
      failures: ["b", "b"],
    });
  });

  it("does not count what fails as often without the front door", () => {
    const alone = resultsOf([["b", "failure"], ["d", "failure"]]);
    expect(judge(run, { cases: 3 }, alone).failures).toEqual(["b"]);
    const worse = resultsOf([["b", "failure"], ["b", "failure"]]);
    expect(judge(run, { cases: 3 }, worse).failures).toEqual([]);
  });

  it("counts what is skipped without the front door and fails with it", () => {
    const alone = resultsOf([["b", "skipped"], ["b", "failure"]]);
    expect(judge(run, { cases: 3 }, alone).failures).toEqual(["b"]);
  });

  it("names what runs without the front door only, and what passes with it only", () => {
    const alone = resultsOf([["a", "failure"], ["c", "passed"], ["d", "failure"]]);
    expect(judge(run, { cases: 3 }, alone)).toMatchObject({ lost: ["c"], mended: ["a"] });
    const worse = resultsOf([["c", "failure"]]);
    expect(judge(run, { cases: 3 }, worse).lost).toEqual([]);
  });

  it("counts the skips that are too many, and a run that is too short", () => {
    const skips = resultsOf([["a", "skipped"], ["b", "skipped"], ["c", "skipped"]]);
    expect(judge(skips, { cases: 0, skips: 2 }).failures).toEqual(["skipped: c"]);
    expect(judge(skips, { cases: 1 }).failures).toEqual(["only 0 cases ran, fewer than 1"]);
  });

  it("counts what results.yaml calls a failure where no case is one", () => {
    const passed = resultsOf([["a", "passed"]]);
    const results = { ...passed, apis: { Ping: "FAIL" }, data: { Image: "Error" } } as const;
    const rule = { cases: 1 };
    expect(judge(results, rule).failures).toEqual(["API Ping: FAIL", "data Image: Error"]);
    expect(judge(results, rule, { ...passed, apis: { Ping: "FAIL" } }).failures)
      .toEqual(["data Image: Error"]);
    const cases = [{ name: "a", status: "failure" }] as const;
    expect(judge({ ...results, cases }, rule).failures).toEqual(["a"]);
  });

  it("counts what is off where everything must be on", () => {
    const passed = resultsOf([["a", "passed"]]);
    const results = { ...passed, data: { Sparse: "Unknown", Image: "Skip" } } as const;
    expect(judge(results, { cases: 1 }).failures).toEqual([]);
    expect(judge(results, { cases: 1, everything: true }).failures)
      .toEqual(["API Referrers: Disabled", "data Sparse: Unknown"]);
  });

  it("counts of each name what fails more often, whatever the order", () => {
    const status = fc.constantFrom<SuiteCase["status"]>("passed", "skipped", "failure", "error");
    const runs = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), status), { maxLength: 20 });
    fc.assert(fc.property(runs, runs, (here, there) => {
      const { failures } = judge(resultsOf(here), { cases: 0 }, resultsOf(there));
      for (const name of ["a", "b", "c"]) {
        const more = Math.max(0, failuresOf(here, name) - failuresOf(there, name));
        expect(failures.filter((one) => one === name)).toHaveLength(more);
      }
    }));
  });
});

function failuresOf(cases: readonly Named[], name: string): number {
  return cases.filter(([one, status]) => one === name && /failure|error/.test(status)).length;
}

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

type Named = readonly [string, SuiteCase["status"]];

function resultsOf(cases: readonly Named[]): SuiteResults {
  return {
    version: "1.1",
    registry: "127.0.0.1:5000",
    apis: { Ping: "Pass", Referrers: "Disabled" },
    data: {},
    cases: cases.map(([name, status]) => ({ name, status })),
    counted: cases.length,
  };
}
