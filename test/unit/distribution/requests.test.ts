import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  listReferrersRequest,
  listTagsRequest,
  parsePath,
  pingRequest,
  pullBlobRequest,
  pullManifestRequest,
  readPingHead,
} from "../../../src/distribution/mod.ts";
import { MANIFEST_ACCEPT } from "../../../src/manifest/mod.ts";
import { type Digest, parseDigest } from "../../../src/reference/mod.ts";
import { DIGEST_A } from "../../support/manifests.ts";
import { attempt } from "../../support/parser_checks.ts";
import { digests, nearGrammar, repositoryNames, tags } from "../../support/wire_arbitraries.ts";

const target = { origin: "https://r.example:5000", repository: "acme/app" };
const digest = parseDigest(DIGEST_A);
const scopes = ["repository:acme/app:pull"];

describe("requests", () => {
  it("pingRequest() asks without a scope", () => {
    expect(pingRequest("http://[::1]:5000")).toEqual({
      method: "GET",
      url: "http://[::1]:5000/v2/",
      headers: {},
      kind: "ping",
      scopes: [],
    });
  });

  it("pullManifestRequest() asks by tag or digest, with GET or HEAD", () => {
    const { signal } = new AbortController();
    expect(pullManifestRequest(target, "v1")).toEqual({
      method: "GET",
      url: "https://r.example:5000/v2/acme/app/manifests/v1",
      headers: { accept: MANIFEST_ACCEPT, "accept-encoding": "identity" },
      kind: "manifest",
      scopes,
    });
    const request = pullManifestRequest(target, digest, { method: "HEAD", accept: "a/b", signal });
    expect(request.method).toBe("HEAD");
    expect(request.url).toContain(`/manifests/${digest}`);
    expect(request.headers["accept"]).toBe("a/b");
    expect(request.signal).toBe(signal);
  });

  it("pullBlobRequest() asks for all or for a range", () => {
    expect(pullBlobRequest(target, digest)).toEqual({
      method: "GET",
      url: `https://r.example:5000/v2/acme/app/blobs/${digest}`,
      headers: { "accept-encoding": "identity" },
      kind: "blob",
      scopes,
    });
    const rangeOf = (range: { start: number; end?: number }): string | undefined =>
      pullBlobRequest(target, digest, { range }).headers["range"];
    expect(rangeOf({ start: 5 })).toBe("bytes=5-");
    expect(rangeOf({ start: 5, end: 9 })).toBe("bytes=5-9");
    expect(() => rangeOf({ start: 5, end: 4 })).toThrow(TypeError);
  });

  it("listTagsRequest() writes n and last as a query", () => {
    expect(listTagsRequest(target).url).toBe("https://r.example:5000/v2/acme/app/tags/list");
    expect(listTagsRequest(target, { n: 0, last: "a&b" }).url).toContain("?n=0&last=a%26b");
    for (const n of [-1, 1.5, NaN]) expect(() => listTagsRequest(target, { n })).toThrow(TypeError);
  });

  it("listReferrersRequest() writes the artifact type as a query", () => {
    const { url } = listReferrersRequest(target, digest, { artifactType: "application/x+json" });
    expect(url).toBe(
      `https://r.example:5000/v2/acme/app/referrers/${digest}?artifactType=application%2Fx%2Bjson`,
    );
  });

  it.each([
    "https://r.example/",
    "https://r.example/x",
    "https://u:p@r.example",
    "https://R.example",
    "https://r.example?x",
    "https://r.example#x",
    "ftp://r.example",
    "r.example",
    "",
    "https://r.example:443",
  ])("refuse %j as an origin", (origin) => {
    expect(() => pingRequest(origin)).toThrow(TypeError);
    expect(() => pullManifestRequest({ ...target, origin }, "v1")).toThrow(TypeError);
  });

  it("build a URL of checked parts only: what they accept, parsePath() reads back", () => {
    const names = fc.oneof(repositoryNames, nearGrammar);
    const references = fc.oneof(tags, digests, nearGrammar);
    fc.assert(
      fc.property(names, references, (repository, reference) => {
        const requests = [
          () => pullManifestRequest({ ...target, repository }, reference),
          () => pullBlobRequest({ ...target, repository }, reference as Digest),
          () => listTagsRequest({ ...target, repository }, { last: reference }),
          () => listReferrersRequest({ ...target, repository }, reference as Digest),
        ];
        for (const make of requests) {
          const request = attempt(make);
          if (request === undefined) continue;
          const url = new URL(request.url);
          expect(url.origin).toBe(target.origin);
          expect(parsePath(url.pathname)).toMatchObject({ name: repository });
          expect(request.scopes).toEqual([`repository:${repository}:pull`]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("readPingHead()", () => {
  it("takes 200 and 401 for a registry", () => {
    expect(readPingHead(200)).toEqual({ isOpen: true });
    expect(readPingHead(401)).toEqual({ isOpen: false });
    for (const status of [204, 301, 404, 500]) {
      expect(() => readPingHead(status)).toThrow(
        expect.objectContaining({ code: "INVALID_RESPONSE" }),
      );
    }
  });
});
