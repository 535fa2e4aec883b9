import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { readConditions } from "../../../src/front/conditions.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const request = (headers: Record<string, string>): Request =>
  new Request("https://door.test/", { headers });
const character = fc.integer({ min: 0x21, max: 0x7e }).filter((c) => c !== 0x22)
  .map((c) => String.fromCharCode(c));
const entityTag = fc.tuple(fc.boolean(), fc.string({ unit: character, maxLength: 16 }))
  .map(([isWeak, text]) => `${isWeak ? "W/" : ""}"${text}"`);

describe("readConditions()", () => {
  it("hands on what RFC 9110 allows, as it is", () => {
    const conditions = fc.oneof(
      fc.constant("*"),
      fc.array(entityTag, { minLength: 1, maxLength: 8 }).map((tags) => tags.join(", ")),
    );
    fc.assert(fc.property(conditions, conditions, (ifMatch, ifNoneMatch) => {
      const read = readConditions(request({ "if-match": ifMatch, "if-none-match": ifNoneMatch }));
      expect(read).toEqual({ ifMatch, ifNoneMatch });
    }));
    expect(readConditions(request({}))).toEqual({});
  });

  it.each(["", "v1", '"a', '"a""b"', '"a" b', '*, "a"', 'w/"a"', `"${"a".repeat(1024)}"`])(
    "ignores nothing: %j is refused",
    (condition) => {
      expect(readConditions(request({ "if-match": condition }))).toBeUndefined();
      expect(readConditions(request({ "if-none-match": condition }))).toBeUndefined();
    },
  );

  it("throws nothing and hands on no character that a header may not have", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'"W/*,\t a\u00e9') });
    fc.assert(fc.property(noise, (condition) => {
      const { ifMatch = "" } = readConditions(request({ "if-match": condition })) ?? {};
      expect(ifMatch).toMatch(/^[\t\x20-\x7e]*$/);
    }));
  });

  it.each(['"', '"a",', "W/", '" '])("reads 1 MiB of %j fast", (pattern) => {
    const hostile = request({ "if-match": `"a"${mebibyteOf(pattern)}` });
    expectFast(() => readConditions(hostile));
  });
});
