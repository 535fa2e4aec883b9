import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { readJson, readList } from "../../../src/ghcr/fields.ts";
import { readPackage, readPackageVersion } from "../../../src/ghcr/package.ts";
import { readStatement } from "../../../src/ghcr/statement.ts";
import { readScan } from "../../../src/ghcr/vulnerabilities.ts";
import { filledJson } from "../../support/json_fill.ts";
import { expectFast } from "../../support/parser_checks.ts";

const HEX = "a".repeat(64);
const DATE = "2026-09-01T00:00:00Z";
const PACKAGES = "https://api.github.com/orgs/acme/packages/container/app";

/** Version number `i`, with all fields that the API sends. */
function versionEntry(i: number): object {
  return {
    ...{ id: 300_000_000 + i, name: `sha256:${HEX}`, url: `${PACKAGES}/versions/${i}` },
    package_html_url: "https://github.com/orgs/acme/packages/container/package/app",
    ...{ created_at: DATE, updated_at: DATE, html_url: `https://github.com/orgs/acme/${i}` },
    metadata: { package_type: "container", container: { tags: i % 2 ? [] : [`v1.${i}`, "x"] } },
  };
}

/** Package number `i`, with the owner and the repository that the API puts into each. */
function packageEntry(i: number): object {
  const many = (length: number, key: string): object =>
    Object.fromEntries(Array.from({ length }, (_, k) => [`${key}_${k}_url`, `${PACKAGES}/${k}`]));
  return {
    ...{ id: i, name: `app/${i}`, package_type: "container", version_count: 3, url: PACKAGES },
    owner: { login: "acme", id: 1, ...many(16, "owner") },
    ...{ visibility: "public", created_at: DATE, updated_at: DATE, html_url: PACKAGES },
    repository: { id: 7, full_name: "acme/app", owner: many(18, "owner"), ...many(40, "repo") },
  };
}

const page = (length: number, entry: (i: number) => object): Uint8Array =>
  encodeUtf8(JSON.stringify(Array.from({ length }, (_, i) => entry(i))));

describe("a page of GitHub's API", () => {
  it("may have 100 versions, or 100 packages", () => {
    const versions = readList(readJson(page(100, versionEntry), "x"), "x", readPackageVersion);
    expect(versions).toHaveLength(100);
    expect(versions[98]?.tags).toEqual(["v1.98", "x"]);
    const packages = readList(readJson(page(100, packageEntry), "x"), "x", readPackage);
    expect(packages[99]).toMatchObject({ name: "app/99", repository: "acme/app" });
  });

  const version = JSON.stringify({
    ...{ id: 1, name: `sha256:${HEX}`, created_at: DATE, updated_at: DATE },
    metadata: { container: { tags: [] } },
  });
  const tagged = (tags: number): string =>
    version.replace("[]", JSON.stringify(Array(tags).fill("v")));
  it.each([[version, 8], [tagged(100), 8], [tagged(5000), 8]])(
    "is read fast, 1 MiB of the version %.20s",
    (unit, nodes) => {
      const bytes = encodeUtf8(filledJson("[", () => unit, "]", nodes));
      expectFast(() => readList(readJson(bytes, "x"), "x", readPackageVersion));
    },
  );

  it("is read fast, 1 MiB of packages", () => {
    const unit = JSON.stringify({
      ...{ id: 1, name: "a", visibility: "public", created_at: DATE, updated_at: DATE },
    });
    const bytes = encodeUtf8(filledJson("[", () => unit, "]", 5));
    expectFast(() => readList(readJson(bytes, "x"), "x", readPackage));
  });
});

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
    expect(readScan(readStatement(readJson(bytes, "x")))).toBeDefined();
    expectFast(() => readScan(readStatement(readJson(bytes, "x"))));
  });
});
