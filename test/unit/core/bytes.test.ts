import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  timingSafeEqual,
} from "../../../src/core/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";

const isTypeError = (error: unknown): boolean => error instanceof TypeError;
const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

describe("hex", () => {
  it("is written in lower case and read in both", () => {
    expect(encodeHex(bytes(0, 10, 255))).toBe("000aff");
    expect(decodeHex("000aFF")).toEqual(bytes(0, 10, 255));
    expect(decodeHex("")).toEqual(bytes());
  });

  it.each(["0", "0g", " 00", "0x00", "00\n"])("refuses %j", (text) => {
    expect(() => decodeHex(text)).toThrow(TypeError);
  });
});

describe("base64", () => {
  it("is read padded or not", () => {
    expect(encodeBase64(bytes(255, 239))).toBe("/+8=");
    expect(decodeBase64("/+8=")).toEqual(bytes(255, 239));
    expect(decodeBase64("/+8")).toEqual(bytes(255, 239));
    expect(encodeBase64Url(bytes(255, 239))).toBe("_-8");
    expect(decodeBase64Url("_-8")).toEqual(bytes(255, 239));
  });

  it.each(["/", "!!!!", "_-8", "===="])("refuses %j", (text) => {
    expect(() => decodeBase64(text)).toThrow(TypeError);
  });

  it.each(["/+8=", "/+8", "_-8=", "a b"])("refuses %j as base64url", (text) => {
    expect(() => decodeBase64Url(text)).toThrow(TypeError);
  });
});

describe("UTF-8", () => {
  it("is strict and keeps a byte order mark", () => {
    expect(decodeUtf8(encodeUtf8("é🚢"))).toBe("é🚢");
    expect(decodeUtf8(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
    for (const bad of [bytes(0xff), bytes(0xc0, 0x80), bytes(0xed, 0xa0, 0x80)]) {
      expect(() => decodeUtf8(bad)).toThrow(TypeError);
    }
    expect(encodeUtf8("\ud800")).toEqual(bytes(0xef, 0xbf, 0xbd));
  });
});

describe("decoders", () => {
  it("undo their encoders", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
        expect(decodeHex(encodeHex(given))).toEqual(given);
        expect(decodeBase64(encodeBase64(given))).toEqual(given);
        expect(decodeBase64Url(encodeBase64Url(given))).toEqual(given);
      }),
      { numRuns: 1000 },
    );
  });

  it("throw nothing but TypeError", () => {
    fc.assert(
      fc.property(nearGrammar, (text) => {
        for (const decode of [decodeHex, decodeBase64, decodeBase64Url]) {
          attempt(() => decode(text), isTypeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["a", "0", "=", " ", "_-", "a="])("read 1 MiB of %j fast", (pattern) => {
    for (const decode of [decodeHex, decodeBase64, decodeBase64Url]) {
      expectFast(() => decode(mebibyteOf(pattern)));
    }
  });
});

describe("concatBytes()", () => {
  it("joins in order, from nothing upwards", () => {
    expect(concatBytes([])).toEqual(bytes());
    expect(concatBytes([bytes(1), bytes(), bytes(2, 3)])).toEqual(bytes(1, 2, 3));
  });
});

describe("timingSafeEqual()", () => {
  it("compares every byte and the length", () => {
    expect(timingSafeEqual(bytes(), bytes())).toBe(true);
    expect(timingSafeEqual(bytes(1, 2), bytes(1, 2))).toBe(true);
    expect(timingSafeEqual(bytes(1, 2), bytes(1, 3))).toBe(false);
    expect(timingSafeEqual(bytes(0, 2), bytes(1, 2))).toBe(false);
    expect(timingSafeEqual(bytes(1), bytes(1, 2))).toBe(false);
  });
});
