import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex } from "../../../src/core/mod.ts";
import {
  digestAlgorithm,
  digestHex,
  fallbackTag,
  formatDigest,
  parseDigest,
  parseTag,
  tryParseDigest,
} from "../../../src/reference/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { digests, nearGrammar } from "../../support/wire_arbitraries.ts";

const A64 = "a".repeat(64);
const F128 = "f".repeat(128);

describe("parseDigest()", () => {
  it("accepts sha256 and sha512 in lower-case hex", () => {
    expect(parseDigest(`sha256:${A64}`)).toBe(`sha256:${A64}`);
    expect(parseDigest(`sha512:${F128}`)).toBe(`sha512:${F128}`);
  });

  it.each([
    ["", "form"],
    ["sha256", "form"],
    [`sha256:${A64.slice(1)}`, "64 lower-case hex"],
    [`sha256:${A64}a`, "64 lower-case hex"],
    [`sha256:${A64.toUpperCase()}`, "64 lower-case hex"],
    [`sha256:${"g".repeat(64)}`, "64 lower-case hex"],
    [`sha512:${A64}`, "128 lower-case hex"],
    [`SHA256:${A64}`, "algorithm"],
    [`:${A64}`, "algorithm"],
    [`+sha256:${A64}`, "algorithm"],
    [`sha256+:${A64}`, "algorithm"],
    [`sha..1:${A64}`, "algorithm"],
    [`sha256:${A64}\n`, "64 lower-case hex"],
    [` sha256:${A64}`, "algorithm"],
    [`blake3:${A64}0`, "64 lower-case hex"],
    ["md5:", "encode"],
    ["md5:a b", "encode"],
    [`sha256:${"a".repeat(300)}`, "at most 255"],
  ])("refuses %j as INVALID_DIGEST and names the rule", (text, rule) => {
    expect(() => parseDigest(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_DIGEST",
        message: expect.stringContaining(rule),
        details: expect.objectContaining({ reason: expect.stringContaining(rule) }),
      }),
    );
    expect(tryParseDigest(text)).toBeUndefined();
  });

  it.each([`blake3:${A64}`, `sha384:${"0".repeat(96)}`, "md5:abc", "multihash+base58:QmRZ"])(
    "refuses %s as UNSUPPORTED: well-formed, but not verifiable",
    (text) => {
      expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
      expect(tryParseDigest(text)).toBeUndefined();
    },
  );

  it("does not take names of Object.prototype for algorithms", () => {
    for (const name of ["constructor", "__proto__", "tostring"]) {
      expect(tryParseDigest(`${name}:${A64}`)).toBeUndefined();
    }
  });

  it("shows an endless input cut short", () => {
    const error = attempt(() => parseDigest("x".repeat(100_000)), (e) => {
      expect(String(e).length).toBeLessThan(500);
      return true;
    });
    expect(error).toBeUndefined();
  });

  it("never throws anything untyped", () => {
    fc.assert(
      fc.property(nearGrammar, (text) => {
        expect(attempt(() => parseDigest(text))).toBe(tryParseDigest(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["a", "sha256:", "a+", ":", "sha256:0", "a.b-"])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseDigest(mebibyteOf(pattern)));
  });
});

describe("formatDigest()", () => {
  it("is undone by digestAlgorithm() and digestHex()", () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const bytes = decodeHex(digestHex(digest));
        expect(formatDigest(digestAlgorithm(digest), bytes)).toBe(digest);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses bytes of another length as misuse", () => {
    expect(() => formatDigest("sha256", new Uint8Array(31))).toThrow(TypeError);
    expect(() => formatDigest("sha512", new Uint8Array(32))).toThrow(TypeError);
  });
});

describe("fallbackTag()", () => {
  it("keeps all of sha256 and the first 64 digits of sha512", () => {
    expect(fallbackTag(parseDigest(`sha256:${A64}`))).toBe(`sha256-${A64}`);
    expect(fallbackTag(parseDigest(`sha512:${F128}`))).toBe(`sha512-${"f".repeat(64)}`);
  });

  it("is always a tag", () => {
    fc.assert(fc.property(digests, (digest) => {
      expect(parseTag(fallbackTag(digest))).toBe(fallbackTag(digest));
    }));
  });
});
