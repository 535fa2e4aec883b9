import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { githubAnswer } from "../../../src/ghcr/fields.ts";
import { readPackage, readPackageVersion } from "../../../src/ghcr/package.ts";
import { filledJson } from "../../support/json_fill.ts";
import { expectFast } from "../../support/parser_checks.ts";

const { readJson, readList } = githubAnswer;
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
