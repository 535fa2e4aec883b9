import * as fc from "fast-check";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { createTagChooser } from "../../../src/copy/choose_tags.ts";
import { matchesRepositoryGlob, matchesTagGlob } from "../../../src/copy/glob.ts";
import { compareNaturally, compareVersions, tryParseVersion } from "../../../src/copy/version.ts";
import { tryParseVersionRange } from "../../../src/copy/version_range.ts";
import { expectFast } from "../../support/parser_checks.ts";

/** npm's own reader of versions and ranges. */
interface Semver {
  satisfies(version: string, range: string): boolean;
  validRange(range: string): string | null;
  compare(a: string, b: string): number;
}
const npm = createRequire(import.meta.url)("semver") as Semver;

const number = fc.nat({ max: 3 }).map(String);
const pre = fc.oneof(
  { weight: 4, arbitrary: fc.constant("") },
  fc.constantFrom("-0", "-1", "-rc.1", "-rc.2", "-rc", "-alpine", "-beta-2", "-1.a.3"),
);
const version = fc.tuple(number, number, number, pre).map(([a, b, c, d]) => `${a}.${b}.${c}${d}`);
const wild = fc.oneof({ weight: 4, arbitrary: number }, fc.constantFrom("x", "X", "*"));
const partial = fc.oneof(
  version,
  number,
  fc.tuple(number, wild).map(([a, b]) => `${a}.${b}`),
  fc.tuple(number, wild, wild).map(([a, b, c]) => `${a}.${b}.${c}`)
    .filter((text) => !/[xX*]\.[0-9]/.test(text)), // npm is of two minds about these
  fc.constantFrom("*", "x", "v1.2", "v1.2.3"),
);
const term = fc.tuple(
  fc.constantFrom("", "=", ">", ">=", "<", "<=", "^", "~", ">= ", "^ "),
  partial,
).map(([operator, version]) => `${operator}${version}`);
const set = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(term, { minLength: 1, maxLength: 3 }).map((all) => all.join(" ")),
  },
  fc.tuple(partial, partial).map(([a, b]) => `${a} - ${b}`),
);
const range = fc.array(set, { minLength: 1, maxLength: 2 }).map((sets) => sets.join(" || "));

describe("tryParseVersionRange()", () => {
  it("takes what npm takes, of the same versions", () => {
    fc.assert(
      fc.property(range, version, (range, version) => {
        const parsed = tryParseVersion(version);
        const wanted = tryParseVersionRange(range);
        // set by set: npm forgets the others beside one that takes all
        const isWanted = range.split("||").some((set) => npm.satisfies(version, set));
        expect(parsed && wanted?.(parsed)).toBe(isWanted);
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses what is none, without throwing, in no time", () => {
    for (const none of ["a", ">>1", "1.2.3.4", "1.b", "^", "1 ||| 2", "=>1", "1 -2", "v"]) {
      const isNone = tryParseVersionRange(none) === undefined;
      expect([none, isNone]).toEqual([none, npm.validRange(none) === null]);
    }
    for (const hostile of ["1 ".repeat(200_000), "|".repeat(400_000), ">".repeat(400_000)]) {
      expect(() => tryParseVersionRange(hostile)).not.toThrow();
      expectFast(() => tryParseVersionRange(hostile));
    }
    fc.assert(fc.property(fc.string(), (text) => void tryParseVersionRange(text)));
  });
});

describe("compareVersions()", () => {
  it("orders as npm does", () => {
    fc.assert(fc.property(version, version, (a, b) => {
      const [one, other] = [tryParseVersion(a), tryParseVersion(b)];
      if (one === undefined || other === undefined) throw new Error("no version");
      expect(Math.sign(compareVersions(one, other))).toBe(npm.compare(a, b));
    }));
  });

  it("reads tags that leave out what is zero, and nothing else", () => {
    expect(tryParseVersion("v1.2")).toEqual({ numbers: [1, 2, 0], pre: [] });
    expect(tryParseVersion("3-alpine")).toEqual({ numbers: [3, 0, 0], pre: ["alpine"] });
    for (const none of ["latest", "1.2.3.4", "1.", "a1", "1.2.3-", "1-.a", ""]) {
      expect([none, tryParseVersion(none)]).toEqual([none, undefined]);
    }
  });
});

describe("compareNaturally()", () => {
  it("is an order, in which runs of digits are numbers", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "0", "1", "9", "-"), maxLength: 6 });
    fc.assert(fc.property(text, text, text, (a, b, c) => {
      expect(compareNaturally(a, b)).toBe(0 - compareNaturally(b, a));
      expect(compareNaturally(a, b) === 0).toBe(a === b);
      if (compareNaturally(a, b) < 0 && compareNaturally(b, c) < 0) {
        expect(compareNaturally(a, c)).toBeLessThan(0);
      }
    }));
    const sorted = ["r9", "r10", "r10-a", "s"];
    expect(sorted.toReversed().toSorted(compareNaturally)).toEqual(sorted);
  });
});

describe("globs", () => {
  it("match as an expression does that says the same", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 6 });
    const tag = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    fc.assert(fc.property(glob, tag, (glob, tag) => {
      const same = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      expect(matchesTagGlob(glob, tag)).toBe(new RegExp(`^${same}$`).test(tag));
    }));
  });

  it("keep to the parts of a repository's name", () => {
    expect(matchesRepositoryGlob("library/*", "library/nginx")).toBe(true);
    expect(matchesRepositoryGlob("library/*", "library/a/b")).toBe(false);
    expect(matchesRepositoryGlob("**", "library/a/b")).toBe(true);
    expect(matchesRepositoryGlob("acme/**/app-?", "acme/x/y/app-1")).toBe(true);
    expect(matchesRepositoryGlob("acme/**/app-?", "acme/app-1")).toBe(false);
  });
});

describe("createTagChooser()", () => {
  const TAGS = [
    "latest",
    "1.9",
    "1.10",
    "1.10.1",
    "2.0.0-rc.1",
    "2.0.0",
    "v2.1",
    "edge-9",
    "edge-10",
  ];

  it("chooses by glob, expression and range, all of which must hold", () => {
    const choose = (rules: Parameters<typeof createTagChooser>[0]): readonly string[] =>
      createTagChooser(rules).choose(TAGS);
    expect(choose(undefined)).toEqual(TAGS);
    expect(choose({ include: ["edge-*", "latest"] })).toEqual(["latest", "edge-9", "edge-10"]);
    expect(choose({ include: ["1*"], exclude: ["*.9"] })).toEqual(["1.10", "1.10.1"]);
    expect(choose({ regex: "^[0-9]+\\.[0-9]+$" })).toEqual(["1.9", "1.10"]);
    expect(choose({ semver: ">=1.10" })).toEqual(["1.10", "1.10.1", "2.0.0", "v2.1"]);
    expect(choose({ semver: ">=1.10", include: ["v*"] })).toEqual(["v2.1"]);
    expect(choose({ include: [] })).toEqual([]);
  });

  it("takes the newest by version, then by the order of people", () => {
    expect(createTagChooser({ newest: 2 }).choose(TAGS)).toEqual(["2.0.0", "v2.1"]);
    expect(createTagChooser({ newest: 2, semver: "1" }).choose(TAGS)).toEqual(["1.10", "1.10.1"]);
    expect(createTagChooser({ newest: 1, include: ["edge*"] }).choose(TAGS)).toEqual(["edge-10"]);
  });

  it("never takes tags that are made of a digest", () => {
    const tags = [`sha256-${"a".repeat(64)}`, `sha256-${"a".repeat(64)}.sig`, "sha256-short"];
    expect(createTagChooser().choose(tags)).toEqual(["sha256-short"]);
  });

  it("knows when there is nothing to list", () => {
    expect(createTagChooser({ include: ["a", "b", "a"] }).named).toEqual(["a", "b"]);
    expect(createTagChooser({ include: ["a", "b*"] }).named).toBeUndefined();
    expect(createTagChooser({ include: ["a"], newest: 1 }).named).toBeUndefined();
    expect(createTagChooser().named).toBeUndefined();
  });

  it("refuses rules that are none, naming the key", () => {
    for (const rules of [{ regex: "(" }, { semver: ">>1" }, { newest: 0 }, { newest: 1.5 }]) {
      const [key] = Object.keys(rules);
      expect(() => createTagChooser(rules)).toThrow(
        expect.objectContaining({
          code: "CONFIGURATION",
          details: { key: `tags.${key}`, reason: expect.any(String) },
        }),
      );
    }
  });
});
