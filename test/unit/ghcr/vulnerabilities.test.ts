import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/mod.ts";
import type { JsonObject } from "../../../src/ghcr/mod.ts";
import { readStatement } from "../../../src/ghcr/statement.ts";
import { countSeverities, readScan } from "../../../src/ghcr/vulnerabilities.ts";
import { attempt } from "../../support/parser_checks.ts";

const COSIGN = "https://cosign.sigstore.dev/attestation/vuln/v1";

function scan(result: Json, predicateType = COSIGN): ReturnType<typeof readScan> {
  const predicate = { scanner: { uri: "x", result } } as JsonObject;
  return readScan({ predicateType, subjects: [], predicate });
}

describe("readScan()", () => {
  it("reads a result of Trivy, and one of Grype", () => {
    const trivy = {
      Results: [
        { Vulnerabilities: [{ VulnerabilityID: "CVE-1", Severity: "HIGH" }, {}] },
        { Vulnerabilities: [{ VulnerabilityID: "CVE-1", Severity: "CRITICAL" }] },
        {},
      ],
    };
    expect(scan(trivy)?.vulnerabilities).toEqual([{ id: "CVE-1", severity: "critical" }]);
    const grype = {
      matches: [{ vulnerability: { id: "GHSA-1", severity: "Negligible" } }, { vulnerability: 7 }],
    };
    expect(scan(grype)?.vulnerabilities).toEqual([{ id: "GHSA-1", severity: "low" }]);
  });

  it("tells a scan that found nothing from no scan", () => {
    expect(scan([])?.vulnerabilities).toEqual([]);
    expect(scan({ Results: [] })?.vulnerabilities).toEqual([]);
    expect(scan(null)).toBeUndefined();
    expect(scan({ other: [] })).toBeUndefined();
    expect(scan([], "https://slsa.dev/provenance/v1")).toBeUndefined();
  });

  it("counts each vulnerability once, of any JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), (result) => {
      const found = scan(result as Json);
      if (found === undefined) return;
      const counts = Object.values(countSeverities(found.vulnerabilities));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(found.vulnerabilities.length);
    }));
  });
});

describe("readStatement()", () => {
  it("throws nothing untyped", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      attempt(() => readStatement(value as Json));
      attempt(() => readStatement({ payload: JSON.stringify(value), payloadType: "x" }));
      attempt(() =>
        readStatement({ _type: "https://in-toto.io/Statement/v1", subject: value as Json })
      );
    }));
  });

  it("opens one envelope, and no envelope in an envelope", () => {
    const payloadType = "application/vnd.in-toto+json";
    const inner = { payload: btoa("{}"), payloadType };
    const outer = { payload: btoa(JSON.stringify(inner)), payloadType };
    for (const document of [inner, outer, { dsseEnvelope: outer }]) {
      expect(() => readStatement(document)).toThrow(
        expect.objectContaining({ code: "INVALID_RESPONSE" }),
      );
    }
  });
});
