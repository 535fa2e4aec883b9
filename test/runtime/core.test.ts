import { describe, expect, it } from "vitest";
import { isTidegateError, parseJson, Secret, TidegateError } from "../../src/core/mod.ts";

describe("core", () => {
  it("Secret shows itself nowhere by accident", () => {
    const secret = new Secret("hunter2-canary");
    const shown = [`${secret}`, JSON.stringify({ secret }), String(secret)].join(" ");
    expect(shown).not.toContain("canary");
    expect(secret.reveal()).toBe("hunter2-canary");
  });

  it("isTidegateError() narrows by code", () => {
    const error: unknown = new TidegateError("DIGEST_MISMATCH", "x", {
      expected: "a",
      computed: "b",
    });
    expect(isTidegateError(error, "DIGEST_MISMATCH") && error.details.expected).toBe("a");
    expect(isTidegateError(error, "UNAUTHORIZED")).toBe(false);
  });

  it("parseJson() refuses a key that is given twice", () => {
    expect(() => parseJson('{"a":1,"\\u0061":2}')).toThrow(SyntaxError);
  });
});
