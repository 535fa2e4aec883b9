import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesContent,
  contentBytes,
  flipBit,
  generatedContent,
  joinContents,
  sliceContent,
} from "../../../src/simulation/content.ts";

describe("generatedContent()", () => {
  it("any read equals the same part of the whole", () => {
    const whole = contentBytes(generatedContent(7, 5000));
    fc.assert(fc.property(fc.nat(5000), fc.nat(5000), (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      expect(generatedContent(7, 5000).read(start, end)).toEqual(whole.slice(start, end));
    }));
  });

  it("another seed gives other bytes", () => {
    const [a, b] = [generatedContent(1, 64), generatedContent(2, 64)];
    expect(contentBytes(a)).not.toEqual(contentBytes(b));
  });

  it("reads far offsets without holding anything", () => {
    const far = generatedContent(3, 2 ** 33);
    expect(far.read(2 ** 33 - 5, 2 ** 33)).toHaveLength(5);
    expect(far.read(2 ** 32, 2 ** 32 + 16)).not.toEqual(far.read(0, 16));
  });
});

describe("joinContents()", () => {
  it("any read equals the same part of the parts laid end to end", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 8 });
    fc.assert(fc.property(parts, fc.nat(80), fc.nat(80), (arrays, a, b) => {
      const joined = joinContents(arrays.map(bytesContent));
      const flat = Uint8Array.from(arrays.flatMap((part) => [...part]));
      const [start, end] = [Math.min(a, b, flat.length), Math.min(Math.max(a, b), flat.length)];
      expect(joined.size).toBe(flat.length);
      expect(joined.read(start, end)).toEqual(flat.slice(start, end));
    }));
  });
});

describe("sliceContent(), flipBit()", () => {
  const letters = bytesContent(Uint8Array.of(1, 2, 4, 8));

  it("a slice counts from its own start", () => {
    expect(contentBytes(sliceContent(letters, 1, 3))).toEqual(Uint8Array.of(2, 4));
  });

  it("one bit differs, wherever the read begins, and the original stays", () => {
    const flipped = flipBit(letters, 2, 7);
    expect(contentBytes(flipped)).toEqual(Uint8Array.of(1, 2, 0x84, 8));
    expect(flipped.read(2, 3)).toEqual(Uint8Array.of(0x84));
    expect(flipped.read(3, 4)).toEqual(Uint8Array.of(8));
    expect(contentBytes(letters)).toEqual(Uint8Array.of(1, 2, 4, 8));
  });
});
