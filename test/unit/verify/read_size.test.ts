import { describe, expect, it } from "vitest";
import { MAX_LOST_BYTES } from "../../../src/core/mod.ts";
import {
  countReaders,
  createReadPace,
  joinReaders,
  viewSize,
} from "../../../src/verify/read_size.ts";

const MIB = 1024 * 1024;

describe("viewSize", () => {
  it("is large when few read, smaller the more share the memory, and no more than is left", () => {
    const views = [1, 32, 33, 64, 65, 256, 100_000].map((load) => viewSize(undefined, load));
    expect(views).toEqual([MIB, MIB, MIB / 2, MIB / 2, MIB / 4, MIB / 8, 65_536]);
    expect(viewSize(100_000, 1)).toBe(100_000);
    expect(viewSize(0, 0)).toBe(16_384);
  });
});

describe("createReadPace", () => {
  it("never waits for more than MAX_LOST_BYTES, nor for more than its view", () => {
    const pace = createReadPace(8000);
    for (let i = 0; i < 20; i++) {
      for (const view of [65_536, MIB]) {
        const { least } = pace.next(view);
        expect(least).toBeLessThanOrEqual(Math.min(view, MAX_LOST_BYTES));
        expect(least).toBeGreaterThan(0);
      }
      pace.done(MIB, 1);
    }
    expect(pace.next(MIB).least).toBe(MIB);
  });

  it("never waits for more than twice what the connection has brought", () => {
    const pace = createReadPace(8000);
    let brought = 16 * 1024;
    for (let i = 0; i < 12; i++) {
      const { least } = pace.next(MIB);
      expect(least).toBeLessThanOrEqual(2 * brought);
      pace.done(least, 0);
      brought += least;
    }
  });

  it("waits for less after slow reads, down to a byte", () => {
    const pace = createReadPace(8000);
    for (let i = 0; i < 10; i++) pace.done(MIB, 2000);
    const sizes = Array.from({ length: 12 }, () => {
      pace.done(MIB, 2001);
      return pace.next(MIB).least;
    });
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBe(1);
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
