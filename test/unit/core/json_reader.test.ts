import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, type JsonReader, jsonReader } from "../../../src/core/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

const LONGEST = 8;
const reader: JsonReader = jsonReader("Test answer", LONGEST);

describe("jsonReader()", () => {
  it("reads what is as it must be", () => {
    const json = reader.readJson('{"list":["a","b"],"n":7,"at":"2026-02-03T04:05:06.7Z"}', "body");
    const fields = reader.readObject(json, "answer");
    expect(reader.readList(fields["list"], "list", reader.readString)).toEqual(["a", "b"]);
    expect(reader.readOptional(fields, "n", "answer", reader.readCount)).toBe(7);
    expect(reader.readDate(fields["at"], "at")).toBe(Date.UTC(2026, 1, 3, 4, 5, 6, 700));
  });

  it("takes absent and null for none, and nothing else", () => {
    const read = (fields: Json): unknown =>
      reader.readOptional(reader.readObject(fields, "x"), "n", "x", reader.readCount);
    expect(read({})).toBeUndefined();
    expect(read({ n: null })).toBeUndefined();
    expect(read({ n: 0 })).toBe(0);
    expect(() => read({ n: "" })).toThrow("Test answer: x.n must be a whole number");
  });

  it.each<[string, () => unknown, RegExp]>([
    ["a list for an object", () => reader.readObject([], "a"), /a must be a JSON object/],
    ["null for an object", () => reader.readObject(null, "a"), /a must be a JSON object/],
    ["an object for a list", () => reader.readList({}, "a", String), /a must be a list/],
    ["nothing for a list", () => reader.readList(undefined, "a", String), /a must be a list/],
    ["an entry", () => reader.readList([1], "a", reader.readString), /a\[0\] must be a string/],
    ["a long string", () => reader.readString("123456789", "a"), /at most 8 characters/],
    ["a negative count", () => reader.readCount(-1, "a"), /must be a whole number/],
    ["a fraction", () => reader.readCount(0.5, "a"), /must be a whole number/],
    ["2^53", () => reader.readCount(2 ** 53, "a"), /must be a whole number/],
    ["a day", () => reader.readDate("2026-02-03", "a"), /must be a date/],
    ["a 13th month", () => reader.readDate("2026-13-01T00:00:00Z", "a"), /must be a date/],
    ["no JSON", () => reader.readJson("{", "the body"), /the body is not JSON/],
  ])("refuses %s, and names the part", (_, read, message) => {
    expect(read).toThrow(expect.objectContaining({
      code: "INVALID_RESPONSE",
      message: expect.stringMatching(message),
      details: expect.objectContaining({ what: "Test answer" }),
    }));
  });

  it("throws nothing untyped, and is fast", () => {
    fc.assert(fc.property(fc.jsonValue(), fc.string(), (value, part) => {
      const json = value as Json;
      attempt(() => reader.readObject(json, part));
      attempt(() => reader.readList(json, part, reader.readDate));
      attempt(() => reader.readString(json, part));
      attempt(() => reader.readCount(json, part));
      attempt(() => reader.readDate(json, part));
      attempt(() => reader.readJson(part, part));
    }));
    expectFast(() => reader.readDate(mebibyteOf("2026-02-03T04:05:06.1"), "a"));
    expectFast(() => reader.readJson(mebibyteOf('{"a":'), "a"));
  });
});
