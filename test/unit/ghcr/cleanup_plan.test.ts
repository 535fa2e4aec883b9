import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CleanupNode,
  type CleanupPolicy,
  planCleanup,
  resolvePolicy,
} from "../../../src/ghcr/mod.ts";
import { matchesTag } from "../../../src/ghcr/cleanup_policy.ts";
import { openNeed } from "../../../src/ghcr/cleanup_plan.ts";
import { type Digest, fallbackTag } from "../../../src/reference/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const DAY = 24 * 60 * 60 * 1000;
const NOW = 100 * DAY;

function digest(i: number): Digest {
  return `sha256:${i.toString(16).padStart(64, "0")}` as Digest;
}

interface NodeInit {
  tags?: readonly string[];
  ageDays?: number;
  lists?: readonly number[];
  subject?: number | undefined;
}

function nodes(...inits: readonly NodeInit[]): CleanupNode[] {
  return inits.map(({ tags = [], ageDays = 10, lists = [], subject }, i) => ({
    version: {
      id: i,
      digest: digest(i),
      tags,
      createdAt: NOW - ageDays * DAY,
      updatedAt: NOW - ageDays * DAY,
    },
    lists: lists.map(digest),
    subject: subject === undefined ? undefined : digest(subject),
  }));
}

function plan(
  policy: CleanupPolicy,
  ...inits: readonly NodeInit[]
): { removed: number[]; kept: Record<number, string> } {
  const { remove, keep } = planCleanup(nodes(...inits), resolvePolicy(policy), NOW);
  return {
    removed: remove.map(({ version }) => version.id),
    kept: Object.fromEntries(keep.map(({ version, reason }) => [version.id, reason])),
  };
}

describe("planCleanup()", () => {
  it("deletes old versions without tags, and nothing else by default", () => {
    expect(plan({}, {}, { tags: ["v1"] }, { ageDays: 0.5 })).toEqual({
      removed: [0],
      kept: { 1: "tagged", 2: "young" },
    });
  });

  it("keeps what an index that stays lists, at any depth", () => {
    const inits = [{ tags: ["v1"], lists: [1] }, { lists: [2] }, {}, {}];
    expect(plan({}, ...inits)).toEqual({
      removed: [3],
      kept: { 0: "tagged", 1: "listed", 2: "listed" },
    });
  });

  it("keeps what refers to an image that stays, by subject and by tag", () => {
    const sbom = `${fallbackTag(digest(0))}`;
    const inits = [
      { tags: ["v1"] },
      { subject: 0 },
      { tags: [sbom], lists: [1] },
      { tags: [`${sbom}.sig`] },
    ];
    expect(plan({ tags: ["sha256-*"] }, ...inits)).toEqual({
      removed: [],
      kept: { 0: "tagged", 1: "refers", 2: "refers", 3: "refers" },
    });
  });

  it("deletes an index before what it lists, and an image before what refers to it", () => {
    const inits = [{}, { subject: 2 }, { lists: [0] }, {
      tags: [fallbackTag(digest(2))],
      lists: [1],
    }];
    expect(plan({}, ...inits).removed).toEqual([2, 0, 3, 1]);
  });

  it("keeps what refers to something elsewhere", () => {
    expect(plan({}, { subject: 77 }, { tags: [`${fallbackTag(digest(78))}.sig`] })).toEqual({
      removed: [],
      kept: { 0: "elsewhere", 1: "elsewhere" },
    });
  });

  it("deletes a tagged version only if all its tags match, and none is protected", () => {
    const inits = [{ tags: ["pr-1", "pr-2"] }, { tags: ["pr-3", "v1"] }, { tags: ["pr-keep"] }];
    expect(plan({ tags: ["pr-*"], keepTags: ["*keep"] }, ...inits)).toEqual({
      removed: [0],
      kept: { 1: "tagged", 2: "protected" },
    });
  });

  it("keeps the newest images, with what they list", () => {
    const inits = [
      { tags: ["a"], ageDays: 9, lists: [3] },
      { tags: ["b"], ageDays: 8 },
      { tags: ["c"], ageDays: 20 },
      { ageDays: 9 },
    ];
    expect(plan({ tags: ["*"], keepNewest: 2 }, ...inits)).toEqual({
      removed: [2],
      kept: { 0: "newest", 1: "newest", 3: "listed" },
    });
  });

  it("keeps versions without tags if told so", () => {
    expect(plan({ untagged: false }, {}).kept).toEqual({ 0: "untagged" });
  });

  it("keeps what needs itself in a circle", () => {
    const circle = [{ tags: [fallbackTag(digest(1))], lists: [1] }, {}];
    expect(plan({}, ...circle).removed).toEqual([]);
  });

  it("refuses a policy that is none", () => {
    for (
      const policy of [{ olderThanMs: -1 }, { keepNewest: 1.5 }, { tags: [""] }, {
        olderThanMs: NaN,
      }]
    ) {
      expect(() => resolvePolicy(policy)).toThrow(TypeError);
    }
  });

  const init = fc.record({
    tags: fc.oneof(
      { weight: 3, arbitrary: fc.constant<string[]>([]) },
      fc.uniqueArray(fc.constantFrom("v1", "pr-1", "pr-2", "nightly", "keep"), { maxLength: 2 }),
      fc.tuple(fc.nat(11), fc.constantFrom("", ".sig", ".att")).map(([i, end]) => {
        return [fallbackTag(digest(i)) + end];
      }),
    ),
    ageDays: fc.integer({ min: 0, max: 30 }),
    lists: fc.array(fc.nat(11), { maxLength: 4 }),
    subject: fc.option(fc.nat(13), { nil: undefined, freq: 4 }),
  });
  const policy = fc.record({
    olderThanMs: fc.integer({ min: 0, max: 20 * DAY }),
    untagged: fc.boolean(),
    tags: fc.subarray(["*", "pr-*", "nightly", "sha256-*"]),
    keepTags: fc.subarray(["keep", "v*"]),
    keepNewest: fc.nat(3),
  });

  /** Written apart from the planner: all that a version needs to stay whole, and what is about it. */
  function needed(all: readonly CleanupNode[], stays: ReadonlySet<Digest>): Set<Digest> {
    const found = new Set<Digest>();
    for (let size = -1; size !== found.size;) {
      size = found.size;
      const isThere = (one: Digest | undefined): boolean =>
        one !== undefined && (stays.has(one) || found.has(one));
      for (const { version, lists, subject } of all) {
        if (isThere(version.digest)) { for (const child of lists) found.add(child); }
        const about = all.some((other) => {
          const tag = fallbackTag(other.version.digest);
          return isThere(other.version.digest) && version.tags.some((one) => one.startsWith(tag));
        });
        if (isThere(subject) || about) found.add(version.digest);
      }
    }
    return found;
  }

  it("never deletes what something that stays needs, nor what a rule keeps", () => {
    fc.assert(
      fc.property(fc.array(init, { maxLength: 12 }), policy, (inits, policy) => {
        const all = nodes(...inits);
        const { remove, keep, needs } = planCleanup(all, resolvePolicy(policy), NOW);
        expect([...remove, ...keep].map(({ version }) => version.id).toSorted()).toEqual(
          all.map(({ version }) => version.id).toSorted(),
        );
        const stays = new Set(keep.map(({ version }) => version.digest));
        const must = needed(all, stays);
        const gone = new Set<Digest>();
        for (const { version } of remove) {
          expect(must.has(version.digest)).toBe(false);
          expect(NOW - version.createdAt).toBeGreaterThanOrEqual(policy.olderThanMs);
          expect(version.tags.some((tag) => tag === "keep" && policy.keepTags.includes(tag))).toBe(
            false,
          );
          expect(openNeed(needs, version.digest, gone)).toBeUndefined(); // the order of deletion
          gone.add(version.digest);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("matchesTag()", () => {
  it.each([
    ["v1", "v1", true],
    ["v1", "v10", false],
    ["*", "", true],
    ["pr-*", "pr-7", true],
    ["*-rc*", "1.0-rc1", true],
    ["a*b*c", "aXbYc", true],
    ["a*a", "a", false],
    ["a*b*b", "ab", false],
    ["v1.0", "v1x0", false],
  ])("%s and %s: %s", (pattern, tag, matches) => {
    expect(matchesTag(pattern, tag)).toBe(matches);
  });

  it("agrees with a regular expression", () => {
    const text = fc.stringMatching(/^[ab.*]{0,8}$/);
    fc.assert(fc.property(text, fc.stringMatching(/^[ab.]{0,10}$/), (pattern, tag) => {
      const source = pattern.split("*").map((part) => part.replaceAll(".", "\\.")).join(".*");
      expect(matchesTag(pattern, tag)).toBe(new RegExp(`^${source}$`).test(tag));
    }));
  });

  it("is fast on a mebibyte", () => {
    expectFast(() => matchesTag("*a".repeat(1000), mebibyteOf("ab")));
  });
});
