import { describe, expect, it } from "vitest";
import {
  type AnyTidegateError,
  type ErrorCode,
  excerpt,
  isTidegateError,
  isTransient,
  TidegateError,
} from "../../../src/core/mod.ts";

const mismatch = new TidegateError("DIGEST_MISMATCH", "Wrong digest", {
  expected: "a",
  computed: "b",
}, { cause: new Error("inner") });

describe("TidegateError", () => {
  it("is an Error with code, details and cause", () => {
    expect(mismatch).toBeInstanceOf(Error);
    expect(String(mismatch)).toBe("TidegateError: Wrong digest");
    expect(mismatch.code).toBe("DIGEST_MISMATCH");
    expect(mismatch.details).toEqual({ expected: "a", computed: "b" });
    expect((mismatch.cause as Error).message).toBe("inner");
    expect(mismatch.stack).toContain("errors.test");
  });

  it("shows code, message and details in JSON, without stack and cause", () => {
    expect(JSON.parse(JSON.stringify(mismatch))).toEqual({
      name: "TidegateError",
      code: "DIGEST_MISMATCH",
      message: "Wrong digest",
      details: { expected: "a", computed: "b" },
    });
  });
});

describe("isTidegateError()", () => {
  it("knows its own, by code if asked", () => {
    expect(isTidegateError(mismatch)).toBe(true);
    expect(isTidegateError(mismatch, "DIGEST_MISMATCH")).toBe(true);
    expect(isTidegateError(mismatch, "NOT_FOUND")).toBe(false);
  });

  it("knows those of another bundled copy", () => {
    const copy = Object.assign(new Error("x"), { name: "TidegateError", code: "NOT_FOUND" });
    expect(isTidegateError(copy, "NOT_FOUND")).toBe(true);
  });

  it.each([undefined, null, "x", {}, new Error("x"), { name: "TidegateError", code: "NOT_FOUND" }])(
    "does not take %s for one",
    (value) => {
      expect(isTidegateError(value)).toBe(false);
      expect(isTransient(value)).toBe(false);
    },
  );

  it("narrows: details are those of the code", () => {
    const error: unknown = mismatch;
    if (!isTidegateError(error, "DIGEST_MISMATCH")) throw error;
    const expected: string = error.details.expected;
    expect(expected).toBe("a");
    const any: AnyTidegateError = error;
    expect(any.code === "DIGEST_MISMATCH" && any.details.computed).toBe("b");
  });
});

describe("isTransient()", () => {
  it.each<[ErrorCode, boolean]>([
    ["RATE_LIMITED", true],
    ["SERVER_ERROR", true],
    ["NETWORK_ERROR", true],
    ["NETWORK_TIMEOUT", true],
    ["CIRCUIT_OPEN", true],
    ["UNAUTHORIZED", false],
    ["FORBIDDEN", false],
    ["NOT_FOUND", false],
    ["DIGEST_MISMATCH", false],
    ["ORIGIN_NOT_TRUSTED", false],
    ["UNEXPECTED_RESPONSE", false],
  ])("%s: %s", (code, expected) => {
    const error = Object.assign(new TidegateError("UNSUPPORTED", "x", { what: "", reason: "" }), {
      code,
    });
    expect(isTransient(error)).toBe(expected);
  });
});

describe("excerpt()", () => {
  it("cuts and says so", () => {
    expect(excerpt("abc")).toBe("abc");
    expect(excerpt("abcdef", 3)).toBe("abc…");
    expect(excerpt("x".repeat(1_000_000))).toHaveLength(257);
  });

  it("shows what would not be seen or would act on a terminal", () => {
    expect(excerpt("a\u0000b\u001b[31m\u202ec\u2028\u007f\u009b\u2066\u2069\u200f")).toBe(
      "a\\u{0}b\\u{1b}[31m\\u{202e}c\\u{2028}\\u{7f}\\u{9b}\\u{2066}\\u{2069}\\u{200f}",
    );
    expect(excerpt("größer 🚢")).toBe("größer 🚢");
  });
});
