import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatScope,
  mergeScopes,
  parseScope,
  repositoryScope,
  type Scope,
} from "../../../src/auth/mod.ts";
import { readScopeHint } from "../../../src/auth/scope.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const GOOD: readonly (readonly [string, Scope])[] = [
  ["repository:library/nginx:pull", {
    type: "repository",
    name: "library/nginx",
    actions: ["pull"],
  }],
  ["repository:a:push,pull", { type: "repository", name: "a", actions: ["pull", "push"] }],
  ["repository:a:delete,push,pull,pull", {
    type: "repository",
    name: "a",
    actions: ["pull", "push", "delete"],
  }],
  ["repository:localhost:5000/a/b:pull", {
    type: "repository",
    name: "localhost:5000/a/b",
    actions: ["pull"],
  }],
  ["repository:Reg.Example/a:pull", {
    type: "repository",
    name: "Reg.Example/a",
    actions: ["pull"],
  }],
  ["repository:[::1]:5000/a:pull", { type: "repository", name: "[::1]:5000/a", actions: ["pull"] }],
  ["repository(plugin):a/b:pull", {
    type: "repository",
    resourceClass: "plugin",
    name: "a/b",
    actions: ["pull"],
  }],
  ["registry:catalog:*", { type: "registry", name: "catalog", actions: ["*"] }],
  ["repository:a-b__c.d_e/f--g:pull", {
    type: "repository",
    name: "a-b__c.d_e/f--g",
    actions: ["pull"],
  }],
];

const BAD = [
  "",
  ":",
  "::",
  "repository",
  "repository:a",
  "repository:a:",
  "repository::pull",
  ":a:pull",
  "Repository:a:pull",
  "repository:A:pull",
  "repository:a:Pull",
  "repository:a:pull,",
  "repository:a:,pull",
  "repository:a:pull push",
  "repository:a b:pull",
  "repository:a:pull repository:b:push",
  "repository:a:pull,push:delete:x",
  "repository:a/../b:pull",
  "repository:./a:pull",
  "repository:/a:pull",
  "repository:a/:pull",
  "repository:a//b:pull",
  "repository:a%2fb:pull",
  "repository:a%3Apush:pull",
  "repository:a\u0000:pull",
  "repository:a\r\n:pull",
  "repository:\u0430:pull",
  "repository:a:p\u0443ll",
  "repository:-a:pull",
  "repository:a-:pull",
  "repository:a..b:pull",
  "repository:a___b:pull",
  "repository:*:pull",
  "repository:a*:pull",
  "repository:a:5000:pull",
  "repository:a:b:c/d:pull",
  "repository:a:99999999/b:pull",
  "repository():a:pull",
  "repository(a:b:pull",
  "repository(a)b:c:pull",
  `repository:${"a".repeat(8192)}:pull`,
  `repository:a:${"pull,".repeat(300)}pull`,
];

describe("parseScope()", () => {
  for (const [text, scope] of GOOD) {
    it(`reads ${text}`, () => expect(parseScope(text)).toEqual(scope));
  }
  for (const text of BAD) {
    it(`refuses ${JSON.stringify(text).slice(0, 60)}`, () => {
      try {
        parseScope(text);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "INVALID_RESPONSE") && error.details.what).toBe("scope");
      }
    });
  }

  it("throws nothing untyped and takes a mebibyte in no time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        attempt(() => parseScope(text));
      }),
      { numRuns: 5000 },
    );
    for (const pattern of [":", "a", "a.", "a/", ",", "repository:a:pull,", "(", "-"]) {
      expectFast(() => parseScope(mebibyteOf(pattern)));
      expectFast(() => parseScope(`repository:${mebibyteOf(pattern).slice(0, 1000)}!:pull`));
      expectFast(() => readScopeHint(mebibyteOf(pattern)));
      expectFast(() => readScopeHint(mebibyteOf(`${pattern} `).slice(0, 16 * 1024)));
    }
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,5}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}$/);
const host = fc.stringMatching(/^[A-Za-z0-9]{1,5}(?:\.[A-Za-z0-9]{1,5}){0,2}(?::[0-9]{1,5})?$/);
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const name = fc.oneof(path, fc.tuple(host, path).map((parts) => parts.join("/")));
const action = fc.constantFrom("pull", "push", "delete", "metadataread", "*");
const scope = fc.record({
  type: fc.constantFrom("repository", "registry", "r2"),
  name,
  actions: fc.uniqueArray(action, { minLength: 1 }),
}, { noNullPrototype: true });

describe("formatScope()", () => {
  it("is read back as it was, for every name that the grammar has", () => {
    fc.assert(
      fc.property(scope, (one) => {
        const again = parseScope(formatScope(one));
        expect(again.name).toBe(one.name);
        expect(again.type).toBe(one.type);
        expect([...again.actions].sort()).toEqual([...one.actions].sort());
      }),
      { numRuns: 5000 },
    );
  });

  it("cannot be made to write more than one scope", () => {
    for (const bad of ["a:pull,push", "a b", "a:pull repository:b", "a\n", "", "a:5000"]) {
      expect(() => formatScope({ type: "repository", name: bad, actions: ["pull"] })).toThrow();
    }
    expect(() => formatScope({ type: "repository", name: "a", actions: [] })).toThrow();
  });
});

describe("repositoryScope()", () => {
  it("writes the actions in one order", () => {
    expect(repositoryScope("a/b", ["delete", "push", "pull", "push"]))
      .toBe("repository:a/b:pull,push,delete");
  });

  it("refuses a name that would ask for more, or is none", () => {
    const names = ["a:pull,push", "a b", "a/../b", "A", "", "/", "a/", "x:5000/a", "a".repeat(256)];
    for (const bad of [...names, "*", "a%3a", "a\u0000"]) {
      try {
        repositoryScope(bad, ["pull"]);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "INVALID_NAME")).toBe(true);
      }
    }
  });

  it("takes actions that are misused for the caller's mistake", () => {
    for (const actions of [[], [""], ["pull,push"], ["*"], ["Pull"], ["pull "]]) {
      expect(() => repositoryScope("a", actions)).toThrow(TypeError);
    }
  });
});

describe("mergeScopes()", () => {
  it("makes one of each repository, in order of first mention", () => {
    const merged = mergeScopes([
      "repository:b:push",
      "repository:a:pull",
      "repository:b:pull",
      "registry:catalog:*",
      "repository(plugin):b:pull",
      "repository:a:pull",
    ]);
    expect(merged).toEqual([
      "repository:b:pull,push",
      "repository:a:pull",
      "registry:catalog:*",
      "repository(plugin):b:pull",
    ]);
  });

  it("asks for what was asked, no more and no less, and does not change twice", () => {
    const one = scope.map(formatScope);
    const rights = (scopes: readonly string[]): string[] =>
      [
        ...new Set(
          scopes.map(parseScope).flatMap((s) => s.actions.map((a) => `${s.type} ${s.name} ${a}`)),
        ),
      ].sort();
    fc.assert(fc.property(fc.array(one, { maxLength: 6 }), (scopes) => {
      const merged = mergeScopes(scopes);
      expect(rights(merged)).toEqual(rights(scopes));
      expect(mergeScopes(merged)).toEqual(merged);
    }));
  });

  it("handles a thousand scopes", () => {
    const many = Array.from({ length: 1000 }, (_, i) => `repository:r${i % 500}:pull`);
    expect(mergeScopes(many)).toHaveLength(500);
  });
});

describe("readScopeHint()", () => {
  it("reads several, leaves out what it cannot read", () => {
    expect(readScopeHint("repository:a:pull  junk repository:b:push,pull repository:../c:pull"))
      .toEqual(["repository:a:pull", "repository:b:pull,push"]);
    expect(readScopeHint("")).toEqual([]);
  });
});
