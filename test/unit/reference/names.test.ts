import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRepositoryName, parseRepositoryName, parseTag } from "../../../src/reference/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar, repositoryNames, tags } from "../../support/wire_arbitraries.ts";

/** The spec's own pattern, which the rules must agree with. */
const SPEC_NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const SPEC_TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

describe("parseRepositoryName()", () => {
  it.each(["a", "0", "library/nginx", "a.b_c__d-e---f/g/h", "a".repeat(255)])(
    "accepts %j",
    (name) => {
      expect(parseRepositoryName(name)).toBe(name);
      expect(isRepositoryName(name)).toBe(true);
    },
  );

  it.each([
    ["", "empty"],
    ["Acme/App", 'lower case: "acme/app"'],
    ["/a", "empty component"],
    ["a/", "empty component"],
    ["a//b", "empty component"],
    ["a/../b", "start and end"],
    ["-a", "start and end"],
    ["a/b.", "start and end"],
    ["a..b", "separate"],
    ["a___b", "separate"],
    ["a._b", "separate"],
    ["a_-b", "separate"],
    ["a-_b", "separate"],
    ["a b", "may hold only"],
    ["a%2fb", "may hold only"],
    ["a\\b", "may hold only"],
    ["é", "may hold only"],
    ["a\n", "may hold only"],
    ["a".repeat(256), "at most 255"],
  ])("refuses %j as INVALID_NAME and names the rule", (name, rule) => {
    expect(() => parseRepositoryName(name)).toThrow(
      expect.objectContaining({
        code: "INVALID_NAME",
        details: expect.objectContaining({ reason: expect.stringContaining(rule) }),
      }),
    );
    expect(isRepositoryName(name)).toBe(false);
  });

  it("agrees with the pattern of the distribution spec", () => {
    const close = fc.string({ unit: fc.constantFrom(..."ab0._-/A"), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(close, nearGrammar, repositoryNames), (text) => {
        const isValid = text.length <= 255 && SPEC_NAME.test(text);
        expect(attempt(() => parseRepositoryName(text)) === text && text !== "").toBe(isValid);
      }),
      { numRuns: 5000 },
    );
  });

  it.each(["a", "a/", "_", "a-", "a.", "A"])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseRepositoryName(mebibyteOf(pattern)));
  });
});

describe("parseTag()", () => {
  it.each([
    ["", "empty"],
    [".a", "start"],
    ["-a", "start"],
    ["a:b", "may hold only"],
    ["a/b", "may hold only"],
    ["latest\n", "may hold only"],
    ["a".repeat(129), "at most 128"],
  ])("refuses %j as INVALID_TAG and names the rule", (tag, rule) => {
    expect(() => parseTag(tag)).toThrow(
      expect.objectContaining({
        code: "INVALID_TAG",
        details: expect.objectContaining({ reason: expect.stringContaining(rule) }),
      }),
    );
  });

  it("agrees with the pattern of the distribution spec", () => {
    fc.assert(
      fc.property(fc.oneof(nearGrammar, tags), (text) => {
        expect(attempt(() => parseTag(text)) === text && text !== "").toBe(SPEC_TAG.test(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["a", ".", " "])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseTag(mebibyteOf(pattern)));
  });
});
