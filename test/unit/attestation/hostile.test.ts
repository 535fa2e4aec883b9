import { describe, expect, it } from "vitest";
import { readStatement } from "../../../src/attestation/statement.ts";
import { readScan } from "../../../src/attestation/vulnerability_scan.ts";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { filledJson } from "../../support/json_fill.ts";
import { expectFast } from "../../support/parser_checks.ts";

const HEX = "a".repeat(64);

describe("a scan in a statement", () => {
  const head =
    `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${HEX}"}}],` +
    '"predicateType":"https://in-toto.io/attestation/vulns/v0.1","predicate":{"scanner":{"result":';
  const cases: Readonly<Record<string, [string, (i: number) => string, string, number]>> = {
    "in-toto's findings": ["[", (i) => `{"id":"${i}","severity":[{"score":"9.8"}]}`, "]", 3],
    "in-toto's findings without rating": ["[", (i) => `{"id":"${i}"}`, "]", 1],
    "one finding again and again": ["[", () => '{"id":"a","severity":[{"score":"low"}]}', "]", 3],
    "ratings of one finding": ['[{"id":"a","severity":[', () => '{"score":"9"}', "]}]", 1],
    "Trivy's findings": [
      '{"Results":[{"Vulnerabilities":[',
      (i) => `{"VulnerabilityID":"${i}","Severity":"HIGH"}`,
      "]}]}",
      2,
    ],
    "Grype's findings": [
      '{"matches":[',
      (i) => `{"vulnerability":{"id":"${i}","severity":"High"}}`,
      "]}",
      3,
    ],
    "empty results": ['{"Results":[', () => "{}", "]}", 1],
  };
  it.each(Object.keys(cases))("is read fast, 1 MiB of %s", (name) => {
    const [open, unit, close, nodes] = cases[name] ?? ["", String, "", 1];
    const bytes = encodeUtf8(filledJson(head + open, unit, `${close}}}}`, nodes));
    expect(readScan(readStatement(bytes))).toBeDefined();
    expectFast(() => readScan(readStatement(bytes)));
  });

  it.each([
    ['{"severity":[{"score":"9.8"}]}', 3],
    ['{"severity":"high"}', 1],
    ['{"severity":[]}', 2],
    ["{}", 1],
  ])("is read fast, 1 MiB of the finding %s", (unit, nodes) => {
    const head =
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${HEX}"}}],` +
      '"predicateType":"https://in-toto.io/attestation/vulns/v0.1","predicate":{"scanner":{"result":[';
    const bytes = encodeUtf8(filledJson(head, () => unit, "]}}}", nodes));
    expectFast(() => readScan(readStatement(bytes)));
  });
});
