import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "../../../src/core/retry_after.ts";
import { expectFast } from "../../support/parser_checks.ts";

const NOW = Date.UTC(2026, 10, 21, 10, 0, 0);

describe("parseRetryAfter()", () => {
  it.each([
    ["0", 0],
    ["7", 7_000],
    ["  120 ", 120_000],
    ["Sat, 21 Nov 2026 10:00:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 10:00:30 GMT", 30_000],
    ["Sat Nov 21 10:00:30 2026", 30_000],
    ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
  ])("reads %j", (value, wait) => {
    expect(parseRetryAfter(value, NOW)).toBe(NOW + wait);
  });

  it.each([null, "", "-1", "1.5", "1e3", "880.092µs", "soon", "0x10", "+5", "9".repeat(16)])(
    "takes %j for absent",
    (value) => expect(parseRetryAfter(value, NOW)).toBeUndefined(),
  );

  it("never throws and never names a time before now", () => {
    fc.assert(fc.property(fc.string(), (value) => {
      expect(parseRetryAfter(value, NOW) ?? NOW).toBeGreaterThanOrEqual(NOW);
    }));
  });

  it("takes under 50 ms for 1 MiB of anything", () => {
    for (const filler of ["9", "Sat, ", " "]) {
      const value = filler.repeat(2 ** 20 / filler.length);
      expectFast(() => parseRetryAfter(value, NOW));
    }
  });
});
