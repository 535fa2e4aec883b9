import { describe, expect, it } from "vitest";
import { firstPrimes, rootFraction } from "../../../src/hash/root_fraction.ts";

describe("rootFraction()", () => {
  it("gives the first and last constants of SHA-512 (FIPS 180-4, 4.2.3 and 5.3.5)", () => {
    expect(rootFraction(2, 3n)).toBe(0x428a2f98d728ae22n);
    expect(rootFraction(409, 3n)).toBe(0x6c44198c4a475817n);
    expect(rootFraction(2, 2n)).toBe(0x6a09e667f3bcc908n);
    expect(rootFraction(19, 2n)).toBe(0x5be0cd19137e2179n);
  });
});

describe("firstPrimes()", () => {
  it("gives as many as asked for, in order", () => {
    expect(firstPrimes(8)).toEqual([2, 3, 5, 7, 11, 13, 17, 19]);
    expect(firstPrimes(80).at(-1)).toBe(409);
  });
});
