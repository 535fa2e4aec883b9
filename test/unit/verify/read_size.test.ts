import { describe, expect, it } from "vitest";
import { MAX_LOST_BYTES } from "../../../src/core/mod.ts";
import { countReaders, joinReaders, readSize } from "../../../src/verify/read_size.ts";

describe("readSize", () => {
  it("never risks more than MAX_LOST_BYTES, whatever the body and the load", () => {
    for (const left of [undefined, 0, 1, 65_536, 3_000_000, 2 ** 40]) {
      for (const load of [0, 1, 2, 7, 32, 1000]) {
        const { view, least } = readSize(left, load);
        expect(least).toBeLessThanOrEqual(MAX_LOST_BYTES);
        expect(least).toBeLessThanOrEqual(view);
        expect(least).toBeGreaterThan(0);
        expect([view, least].every(Number.isInteger)).toBe(true);
      }
    }
  });

  it("reads large when alone, smaller the more share the memory, and no more than is left", () => {
    const views = [1, 4, 32, 256].map((load) => readSize(undefined, load).view);
    expect(views).toEqual(views.toSorted((a, b) => b - a));
    expect(views[0]).toBeGreaterThan(views[3] as number);
    expect(readSize(100_000, 1).view).toBe(100_000);
  });
});

describe("joinReaders", () => {
  it("counts those that read and forgets those that left or fell silent", () => {
    const before = countReaders();
    const [first, silent] = [joinReaders(1e15), joinReaders(1e15)];
    expect(countReaders()).toBe(before + 2);
    first.touch(1e15 + 50_000);
    const late = joinReaders(1e15 + 100_000);
    expect(countReaders()).toBe(2);
    first.leave();
    late.leave();
    silent.leave();
    expect(countReaders()).toBe(0);
  });
});
