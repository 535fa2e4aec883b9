import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/mod.ts";
import { packagePath, splitRepository, versionPath } from "../../../src/ghcr/owner.ts";
import { readPackage, readPackageVersion } from "../../../src/ghcr/package.ts";
import { attempt } from "../../support/parser_checks.ts";

const VERSION = {
  id: 7,
  name: `sha256:${"0a".repeat(32)}`,
  created_at: "2026-01-02T03:04:05Z",
  updated_at: "2026-01-02T03:04:06Z",
  metadata: { package_type: "container", container: { tags: ["v1"] } },
};

const PACKAGE = {
  id: 7,
  name: "app",
  visibility: "private",
  owner: { login: "acme" },
  repository: null,
  created_at: "2026-01-02T03:04:05Z",
  updated_at: "2026-01-02T03:04:06Z",
};

describe("readPackageVersion()", () => {
  it("reads what matters", () => {
    expect(readPackageVersion(VERSION, "version")).toEqual({
      id: 7,
      digest: VERSION.name,
      tags: ["v1"],
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      updatedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
    });
    const deleted = { ...VERSION, deleted_at: "2026-01-03T00:00:00+01:00" };
    expect(readPackageVersion(deleted, "version").deletedAt).toBe(Date.UTC(2026, 0, 2, 23));
  });

  it.each([
    [{ id: -1 }, "version.id"],
    [{ id: "7" }, "version.id"],
    [{ name: "1.0.0" }, "version.name"],
    [{ created_at: "yesterday" }, "version.created_at"],
    [{ metadata: undefined }, "version.metadata"],
    [{ metadata: { container: {} } }, "version.metadata.container.tags"],
    [{ metadata: { container: { tags: [1] } } }, "version.metadata.container.tags[0]"],
  ])("names the field that is wrong: %j", (change, field) => {
    const broken = { ...VERSION, ...change } as unknown as Json;
    expect(() => readPackageVersion(broken, "version")).toThrow(
      expect.objectContaining({
        code: "INVALID_RESPONSE",
        details: expect.objectContaining({ input: field }),
      }),
    );
  });

  it("throws nothing untyped", () => {
    const part = fc.jsonValue({ maxDepth: 3 });
    fc.assert(fc.property(part, fc.constantFrom(...Object.keys(VERSION)), (value, key) => {
      attempt(() => readPackageVersion(value as Json, "version"));
      attempt(() => readPackageVersion({ ...VERSION, [key]: value } as Json, "version"));
      attempt(() => readPackage({ ...PACKAGE, [key]: value } as Json, "package"));
    }));
  });
});

describe("readPackage()", () => {
  it("takes what may be absent as absent", () => {
    expect(readPackage(PACKAGE, "package")).toMatchObject({
      owner: "acme",
      repository: undefined,
      versionCount: undefined,
    });
    const linked = { ...PACKAGE, owner: null, repository: { full_name: "acme/app" } };
    expect(readPackage(linked, "package")).toMatchObject({
      owner: undefined,
      repository: "acme/app",
    });
  });
});

describe("packagePath()", () => {
  it("escapes what a name may have", () => {
    const acme = { kind: "org", name: "acme" } as const;
    expect(packagePath(acme, "app/web")).toBe("/orgs/acme/packages/container/app%2Fweb");
    expect(versionPath({ kind: "authenticated" }, "app", 7)).toBe(
      "/user/packages/container/app/versions/7",
    );
    expect(packagePath({ kind: "user", name: "octo_corp" }, "a")).toBe(
      "/users/octo_corp/packages/container/a",
    );
    expect(splitRepository({ repository: "acme/app/web" })).toEqual({
      account: "acme",
      name: "app/web",
    });
    expect(() => splitRepository({ repository: "app" })).toThrow(
      expect.objectContaining({ code: "INVALID_NAME" }),
    );
  });

  it("never leaves its path, whatever the names", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (owner, name) => {
      const path = attempt(() => packagePath({ kind: "user", name: owner }, name));
      if (path === undefined) return;
      const { pathname } = new URL(`https://api.github.com${path}`);
      expect(pathname).toBe(path);
      expect(path.split("/")).toHaveLength(6);
    }));
  });
});
