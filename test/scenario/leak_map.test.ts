import { afterAll, describe, expect, it } from "vitest";
import {
  casesOf,
  type LeakReport,
  type MappedClass,
  runLeakMap,
  steeredCases,
} from "../support/leak_map.ts";
import * as product from "../support/leak_product.ts";

/*
 * A registry names every form of URL as everything that it can name; a trap stands at all of them.
 * None may see a secret, whoever asks and with whatever proof.
 */

const DEPTH = process.env["TIDEGATE_FULL"] === "1" ? "full" : "quick";
const CLASSES: readonly MappedClass[] = [
  "realm",
  "second-realm",
  "redirect",
  "token-redirect",
  "link",
  "foreign-layer",
  "other-header",
];
const reports = new Map<MappedClass, LeakReport>();

describe("no secret reaches a URL that a registry names", () => {
  it.each(CLASSES)("as %s", async (leakClass) => {
    const cases = casesOf(leakClass, DEPTH);
    const report = await runLeakMap(product, cases);
    reports.set(leakClass, report);
    expect(report.findings.slice(0, 10)).toEqual([]);
    expect(report.findings).toHaveLength(0);
  }, 600_000);

  it("as a detour by way of a public stranger to a private address that is listed", async () => {
    const { findings, cases, trapped } = await runLeakMap(product, steeredCases());
    expect(findings).toEqual([]);
    expect([cases, trapped]).toEqual([4, 4]);
  });

  it("and the map is large, and the trap was really asked", () => {
    const total = [...reports.values()].reduce((sum, { cases }) => sum + cases, 0);
    expect(total).toBeGreaterThan(2000);
    for (const leakClass of ["redirect", "foreign-layer", "realm"] as const) {
      expect(reports.get(leakClass)?.trapped).toBeGreaterThan(20);
    }
  });

  afterAll(() => {
    for (const [name, { cases, trapped, codes }] of reports) {
      console.info(
        `leak map: ${name}: ${cases} cases, ${trapped} at the trap`,
        JSON.stringify(codes),
      );
    }
  });
});
