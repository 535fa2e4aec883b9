import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imagePathName } from "../../../src/layout/mod.ts";
import { formatReference } from "../../../src/reference/mod.ts";
import { registries, repositoryNames, tags } from "../../support/wire_arbitraries.ts";

describe("imagePathName()", () => {
  it.each([
    ["registry.example.com/app:v1.0", "registry.example.com_app_v1.0-"],
    ["localhost:5000/test:latest", "localhost_5000_test_latest-"],
    ["nginx", "docker.io_library_nginx_latest-"],
    [`nginx@sha256:${"a".repeat(64)}`, `docker.io_library_nginx_sha256_${"a".repeat(64)}-`],
  ])("names %s %s…", async (reference, prefix) => {
    const name = await imagePathName(reference);
    expect(name.startsWith(prefix)).toBe(true);
    expect(name.slice(prefix.length)).toMatch(/^[0-9a-f]{12}$/);
  });

  it("gives two images two names, and one image one", async () => {
    const all = ["a/b_c:d", "a/b:c_d", "a_b/c:d", "a/b/c:d", "a/b_c/d"];
    expect(new Set(await Promise.all(all.map(imagePathName))).size).toBe(all.length);
    expect(await imagePathName("nginx")).toBe(
      await imagePathName("docker.io/library/nginx:latest"),
    );
  });

  it("is one part of a path, whatever the reference", async () => {
    await fc.assert(
      fc.asyncProperty(registries, repositoryNames, tags, async (registry, repository, tag) => {
        const name = await imagePathName(formatReference({ registry, repository, tag }));
        expect(name).toMatch(/^[\w.-]{14,214}$/);
        expect(name).not.toMatch(/^\.+$/);
      }),
    );
    await expect(imagePathName("../../etc")).rejects.toMatchObject({ code: expect.any(String) });
  });
});
