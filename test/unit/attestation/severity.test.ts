import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countSeverities,
  parseSeverity,
  SEVERITIES,
  worstSeverity,
} from "../../../src/attestation/mod.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";

describe("severities", () => {
  it.each([
    ["Critical", "critical"],
    ["IMPORTANT", "high"],
    ["moderate", "medium"],
    ["Negligible", "low"],
    ["minor", "low"],
    ["9.0", "critical"],
    [8.9, "high"],
    ["4", "medium"],
    ["0.1", "low"],
    [6.9999, "medium"],
    ["10.0", "critical"],
    ["0.0", "unknown"],
    ["11", "unknown"],
    ["constructor", "unknown"],
    ["", "unknown"],
  ])("take %j for %s", (text, severity) => {
    expect(parseSeverity(text)).toBe(severity);
  });

  it("count, and know the worst", () => {
    expect(worstSeverity(["low", "critical", "unknown"])).toBe("critical");
    expect(worstSeverity([])).toBe("unknown");
    expect(countSeverities(["low", "low", "high"])).toMatchObject({ low: 2, high: 1, critical: 0 });
  });

  it("are one of five for any rating, in no time", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.double()), (rating) => {
      expect(SEVERITIES).toContain(parseSeverity(rating));
    }));
    expectFast(() => parseSeverity(`1.${mebibyteOf("0")}`));
  });
});
