import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePath, type Route } from "../../../src/distribution/mod.ts";
import { DIGEST_A } from "../../support/manifests.ts";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { digests, nearGrammar, repositoryNames, tags } from "../../support/wire_arbitraries.ts";

/** The one spelling of a route. */
function formatPath(route: Route): string {
  switch (route.kind) {
    case "ping":
      return "/v2/";
    case "manifest":
      return `/v2/${route.name}/manifests/${route.reference}`;
    case "blob":
      return `/v2/${route.name}/blobs/${route.digest}`;
    case "tags":
      return `/v2/${route.name}/tags/list`;
    case "referrers":
      return `/v2/${route.name}/referrers/${route.digest}`;
    case "uploads":
      return `/v2/${route.name}/blobs/uploads/`;
    case "upload":
      return `/v2/${route.name}/blobs/uploads/${route.session}`;
  }
}

describe("parsePath()", () => {
  it.each<[string, Route]>([
    ["/v2/", { kind: "ping" }],
    ["/v2", { kind: "ping" }],
    ["/v2/a/manifests/v1", { kind: "manifest", name: "a", reference: "v1" }],
    ["/v2/a/b/c/manifests/v1", { kind: "manifest", name: "a/b/c", reference: "v1" }],
    [`/v2/a/manifests/${DIGEST_A}`, { kind: "manifest", name: "a", reference: DIGEST_A }],
    [`/v2/a/blobs/${DIGEST_A}`, { kind: "blob", name: "a", digest: DIGEST_A } as Route],
    ["/v2/a/tags/list", { kind: "tags", name: "a" }],
    [`/v2/a/referrers/${DIGEST_A}`, { kind: "referrers", name: "a", digest: DIGEST_A } as Route],
    ["/v2/a/blobs/uploads/", { kind: "uploads", name: "a" }],
    ["/v2/a/blobs/uploads", { kind: "uploads", name: "a" }],
    ["/v2/a/blobs/uploads/x-1_~.=Z", { kind: "upload", name: "a", session: "x-1_~.=Z" }],
    ["/v2/manifests/manifests/manifests", {
      kind: "manifest",
      name: "manifests",
      reference: "manifests",
    }],
    ["/v2/a/manifests/manifests/v1", { kind: "manifest", name: "a/manifests", reference: "v1" }],
    ["/v2/blobs/uploads/manifests/v1", {
      kind: "manifest",
      name: "blobs/uploads",
      reference: "v1",
    }],
    ["/v2/tags/list/tags/list", { kind: "tags", name: "tags/list" }],
    ["/v2/a/blobs/uploads/blobs/uploads/x", {
      kind: "upload",
      name: "a/blobs/uploads",
      session: "x",
    }],
    ["/v2/a/blobs/uploads/list", { kind: "upload", name: "a", session: "list" }],
  ])("reads %s", (path, route) => {
    expect(parsePath(path)).toEqual(route);
  });

  it.each([
    "",
    "/",
    "/v1/",
    "/v2x",
    "v2/",
    "/V2/",
    "//v2/",
    "/v2//",
    "/v2/_catalog",
    "/v2/a",
    "/v2/a/",
    "/v2/a/manifests",
    "/v2/a/manifests/",
    "/v2/manifests/v1",
    "/v2/tags/list",
    "/v2/a/tags/list/",
    "/v2/a/tags/other",
    "/v2/a/other/v1",
    "/v2/a/manifests/v1/",
    "/v2/a//manifests/v1",
    "/v2//a/manifests/v1",
    "/v2/a/manifests//v1",
    "/v2/A/manifests/v1",
    "/v2/a/Manifests/v1",
    "/v2/a%2fb/manifests/v1",
    "/v2/a%2Fb/manifests/v1",
    "/v2/a%5cb/manifests/v1",
    "/v2/a\\b/manifests/v1",
    "/v2/%61/manifests/v1",
    "/v2/a/manifests/%761",
    "/v2/a/../b/manifests/v1",
    "/v2/./a/manifests/v1",
    "/v2/a/%2e%2e/manifests/v1",
    "/v2/a/..;/manifests/v1",
    "/v2/a;x=1/manifests/v1",
    "/v2/a/manifests/..",
    "/v2/a/manifests/.",
    "/v2/a/manifests/-x",
    "/v2/a/manifests/v1?x",
    "/v2/a/manifests/v1#x",
    "/v2/a b/manifests/v1",
    "/v2/a\u0000/manifests/v1",
    "/v2/a\n/manifests/v1",
    "/v2/a/manifests/v1\n",
    "/v2/\u00e9/manifests/v1",
    "/v2/a/manifests/sha256:abc",
    "/v2/a/blobs/v1",
    "/v2/a/blobs/sha256:abc",
    "/v2/a/referrers/v1",
    `/v2/a/blobs/${DIGEST_A.toUpperCase()}`,
    `/v2/a/blobs/${DIGEST_A.replace(":", "%3A")}`,
    `/v2/a/blobs/blake3:${"0".repeat(64)}`,
    `/v2/a/blobs/${DIGEST_A}/`,
    "/v2/a/blobs/uploads/..",
    "/v2/a/blobs/uploads/.",
    "/v2/a/blobs/uploads/a%2f",
    "/v2/a/blobs/uploads//",
    "/v2/a/blobs/uploads/x/y",
    "/v2/blobs/uploads/",
    "/v2/blobs/uploads/x",
    `/v2/${"a".repeat(256)}/tags/list`,
    `/v2/a/blobs/uploads/${"x".repeat(9000)}`,
  ])("knows no %j", (path) => {
    expect(parsePath(path)).toBeUndefined();
  });

  it("gives every route one spelling, save for two trailing slashes", () => {
    const routes = fc.oneof(
      fc.record({
        kind: fc.constant("manifest"),
        name: repositoryNames,
        reference: fc.oneof(tags, digests),
      }),
      fc.record({
        kind: fc.constantFrom("blob", "referrers"),
        name: repositoryNames,
        digest: digests,
      }),
      fc.record({ kind: fc.constantFrom("tags", "uploads"), name: repositoryNames }),
      fc.record({
        kind: fc.constant("upload"),
        name: repositoryNames,
        session: fc.stringMatching(/^[A-Za-z0-9][\w.~=-]{0,40}$/),
      }),
    ) as fc.Arbitrary<Route>;
    fc.assert(
      fc.property(routes, (route) => {
        expect(parsePath(formatPath(route))).toEqual(route);
      }),
      { numRuns: 2000 },
    );
  });

  it("accepts nothing but the canonical spelling of what it returns", () => {
    const segment = fc.oneof(
      fc.constantFrom(
        "v2",
        "a",
        "B",
        "..",
        ".",
        "",
        "manifests",
        "blobs",
        "uploads",
        "tags",
        "list",
      ),
      fc.constantFrom("referrers", DIGEST_A, "%2e%2e", "a%2fb", "\\", "v1", "a;b"),
      nearGrammar,
    );
    const paths = fc.array(segment, { maxLength: 7 }).map((parts) => `/v2/${parts.join("/")}`);
    fc.assert(
      fc.property(paths, (path) => {
        const route = parsePath(path);
        if (route === undefined || path === "/v2") return;
        expect(formatPath(route)).toBe(path.endsWith("/blobs/uploads") ? `${path}/` : path);
      }),
      { numRuns: 5000 },
    );
  });

  it.each(["/v2/", "/", "/v2/a", "%2f", "/..", "a/manifests/"])(
    "reads 1 MiB of %j fast",
    (text) => {
      expectFast(() => parsePath(`/v2/${mebibyteOf(text)}`));
    },
  );
});
