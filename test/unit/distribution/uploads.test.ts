import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cancelUploadRequest,
  finishUploadRequest,
  formatUploadRange,
  mountBlobRequest,
  parsePath,
  parseUploadRange,
  pushBlobRequest,
  readUploadChunk,
  readUploadFinish,
  readUploadStart,
  readUploadStatus,
  repositoryRequest,
  startUploadRequest,
  uploadChunkRequest,
  uploadStatusRequest,
} from "../../../src/distribution/mod.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { DIGEST_A } from "../../support/manifests.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { digests, nearGrammar, repositoryNames } from "../../support/wire_arbitraries.ts";

const target = { origin: "https://r.example:5000", repository: "acme/app" };
const digest = parseDigest(DIGEST_A);
const scopes = ["repository:acme/app:pull,push"];
const uploads = "https://r.example:5000/v2/acme/app/blobs/uploads/";
const location = `${uploads}7?_state=a%20b~&x=%2F`;
const body = new Uint8Array(10);
const binary = { "content-type": "application/octet-stream" };
const INVALID = expect.objectContaining({ code: "INVALID_RESPONSE" });

describe("upload requests", () => {
  it("repositoryRequest() asks for the actions named, and for other scopes after them", () => {
    const request = repositoryRequest(target, {
      method: "DELETE",
      kind: "manifest",
      path: "manifests/v1",
      actions: ["pull", "push", "delete"],
      scopes: ["repository:b:pull"],
      body,
    });
    expect(request).toMatchObject({ method: "DELETE", body });
    expect(request.scopes).toEqual(["repository:acme/app:pull,push,delete", "repository:b:pull"]);
  });

  it("startUploadRequest() posts nothing, naming the algorithm where one is given", () => {
    const request = { method: "POST", url: uploads, headers: {}, kind: "upload", scopes };
    expect(startUploadRequest(target)).toEqual(request);
    expect(startUploadRequest(target, { algorithm: "sha512" }).url)
      .toBe(`${uploads}?digest-algorithm=sha512`);
  });

  it("pushBlobRequest() posts the bytes under their digest", () => {
    expect(pushBlobRequest(target, digest, body)).toEqual({
      method: "POST",
      url: `${uploads}?digest=${encodeURIComponent(digest)}`,
      headers: binary,
      kind: "upload",
      scopes,
      body,
    });
    const stream = new ReadableStream<Uint8Array>();
    expect(pushBlobRequest(target, digest, stream, { size: 7 }).headers)
      .toEqual({ ...binary, "content-length": "7" });
  });

  it("mountBlobRequest() asks for the right to pull where the blob is", () => {
    const request = mountBlobRequest(target, digest, { from: "acme/base" });
    expect(request.url).toBe(`${uploads}?mount=${encodeURIComponent(digest)}&from=acme%2Fbase`);
    expect(request.scopes).toEqual([...scopes, "repository:acme/base:pull"]);
    expect(request.body).toBeUndefined();
    const anywhere = mountBlobRequest(target, digest);
    expect(anywhere.url).toBe(`${uploads}?mount=${encodeURIComponent(digest)}`);
    expect(anywhere.scopes).toEqual(scopes);
    expect(() => mountBlobRequest(target, digest, { from: "A:pull,push" }))
      .toThrow(expect.objectContaining({ code: "INVALID_NAME" }));
  });

  it("uploadChunkRequest() says where the bytes belong, without a unit", () => {
    expect(uploadChunkRequest(target, location, { body, start: 5, size: 10 })).toEqual({
      method: "PATCH",
      url: location,
      headers: { ...binary, "content-range": "5-14" },
      kind: "upload",
      scopes,
      body,
    });
    expect(uploadChunkRequest(target, location, { body, start: 5 }).headers).toEqual(binary);
    for (const start of [-1, 0.5, NaN]) {
      expect(() => uploadChunkRequest(target, location, { body, start })).toThrow(TypeError);
    }
  });

  it("finishUploadRequest() adds the digest to a query that stays as it was", () => {
    const request = finishUploadRequest(target, location, digest);
    expect(request.url).toBe(`${location}&digest=${encodeURIComponent(digest)}`);
    expect(request).toMatchObject({ method: "PUT", headers: {} });
    expect(finishUploadRequest(target, `${uploads}7`, digest).url)
      .toBe(`${uploads}7?digest=${encodeURIComponent(digest)}`);
    expect(finishUploadRequest(target, location, digest, { body, size: 10 }).headers)
      .toEqual(binary);
    expect(finishUploadRequest(target, location, digest, { body, start: 90, size: 10 }).headers)
      .toEqual({ ...binary, "content-range": "90-99" });
    expect(finishUploadRequest(target, location, digest, { start: 0, size: 0 }).headers)
      .toEqual({});
  });

  it("uploadStatusRequest() and cancelUploadRequest() send nothing but the method", () => {
    const { signal } = new AbortController();
    const request = { url: location, headers: {}, kind: "upload", scopes, signal };
    expect(uploadStatusRequest(target, location, { signal })).toEqual({
      method: "GET",
      ...request,
    });
    expect(cancelUploadRequest(target, location, { signal }))
      .toEqual({ method: "DELETE", ...request });
  });

  it.each(["/v2/a", "r.example/x", "ftp://r.example/x", "https://", ""])(
    "refuse %j as a location",
    (bad) => {
      expect(() => uploadStatusRequest(target, bad)).toThrow(TypeError);
    },
  );

  it("build a URL of checked parts only: what they accept, parsePath() reads back", () => {
    fc.assert(
      fc.property(
        fc.oneof(repositoryNames, nearGrammar),
        fc.oneof(repositoryNames, nearGrammar),
        digests,
        (repository, from, named) => {
          const here = { ...target, repository };
          for (
            const make of [
              () => startUploadRequest(here),
              () => pushBlobRequest(here, named, body),
              () => mountBlobRequest(here, named, { from }),
            ]
          ) {
            const request = attempt(make);
            if (request === undefined) continue;
            const url = new URL(request.url);
            expect(url.origin).toBe(target.origin);
            expect(parsePath(url.pathname)).toEqual({ kind: "uploads", name: repository });
            expect(url.searchParams.getAll("digest").length).toBeLessThanOrEqual(1);
            expect(request.scopes[0]).toBe(`repository:${repository}:pull,push`);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("readUploadStart()", () => {
  const read = (status: number, headers: HeadersInit) =>
    readUploadStart(status, new Headers(headers), `${uploads}?mount=x`);

  it("reads a session, its Location resolved and its query kept", () => {
    expect(read(202, {
      location: "/up/7?sig=a%20b~%2F#part",
      range: "0-0",
      "oci-chunk-min-length": "5242880",
      "oci-chunk-max-length": "99614720",
    })).toEqual({
      state: "open",
      session: {
        location: "https://r.example:5000/up/7?sig=a%20b~%2F",
        receivedEnd: 0,
        minChunkBytes: 5242880,
        maxChunkBytes: 99614720,
      },
    });
  });

  it.each([
    ["7?a=b", `${uploads}7?a=b`],
    ["?a=b", `${uploads}?a=b`],
    ["//other.example/x", "https://other.example/x"],
    ["https://r.example:443/x", "https://r.example/x"],
  ])("resolves %j", (given, resolved) => {
    expect(read(202, { location: given })).toMatchObject({ session: { location: resolved } });
  });

  it("reads a blob that is there at once", () => {
    expect(read(201, { location: "/v2/x", "docker-content-digest": digest }))
      .toEqual({ state: "created", digest, location: "/v2/x" });
    expect(read(201, {})).toEqual({ state: "created" });
  });

  it.each<[number, Record<string, string>]>([
    [200, { location: "/x" }],
    [204, { location: "/x" }],
    [202, {}],
    [202, { location: "" }],
    [202, { location: "https://" }],
    [202, { location: "/a\\b" }],
    [202, { location: `/${"a".repeat(16 * 1024)}` }],
    [202, { location: "/x", range: "bytes 0-9/10" }],
    [202, { location: "/x", "oci-chunk-min-length": "-1" }],
    [202, { location: "/x", "oci-chunk-min-length": "5, 6" }],
    [202, { location: "/x", "oci-chunk-max-length": "0" }],
    [201, { "docker-content-digest": "sha256:x" }],
  ])("refuses %d with %o", (status, headers) => {
    expect(() => read(status, headers)).toThrow(INVALID);
  });

  it("shows neither the query nor the password of a Location that it refuses", () => {
    for (
      const bad of ["https://u:hunter2@/x?sig=hunter2", "/a\\?sig=hunter2", "https://[?hunter2"]
    ) {
      expect(() => read(202, { location: bad })).toThrow(expect.objectContaining({
        message: expect.not.stringContaining("hunter2"),
      }));
    }
  });

  it("throws nothing untyped, and gives an absolute URL", () => {
    fc.assert(
      fc.property(fc.oneof(nearGrammar, fc.webUrl({ withQueryParameters: true })), (text) => {
        const headers = new Headers();
        try {
          headers.set("location", text);
        } catch {
          return; // no header can say it
        }
        const start = attempt(() => readUploadStart(202, headers, uploads));
        if (start?.state === "open") expect(URL.canParse(start.session.location)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["/", "%", "a?", "\\", "@", "#"])("reads a Location of %j fast", (pattern) => {
    expectFast(() => read(202, { location: `/${mebibyteOf(pattern)}` }));
    expectFast(() => read(202, { location: `/${mebibyteOf(pattern).slice(0, 16_000)}` }));
  });
});

describe("readUploadChunk() and readUploadStatus()", () => {
  it.each([201, 202, 204])("reads the answer %d to a PATCH", (status) => {
    const headers = new Headers({ location: "/up/8?s=2", range: "0-99" });
    expect(readUploadChunk(status, headers, location)).toEqual({
      location: "https://r.example:5000/up/8?s=2",
      receivedEnd: 99,
    });
  });

  it.each([200, 202, 204])("reads the answer %d to a GET", (status) => {
    const headers = new Headers({ range: "bytes=0-4" });
    expect(readUploadStatus(status, headers, location)).toEqual({ location, receivedEnd: 4 });
  });

  it("goes on where it was without a Location, and knows no end without a Range", () => {
    expect(readUploadChunk(202, new Headers(), location)).toEqual({ location });
  });

  it("refuses other statuses", () => {
    expect(() => readUploadChunk(200, new Headers(), location)).toThrow(INVALID);
    expect(() => readUploadStatus(201, new Headers(), location)).toThrow(INVALID);
  });
});

describe("readUploadFinish()", () => {
  it("reads 201 and 204", () => {
    const headers = new Headers({ "docker-content-digest": digest, location: "/b" });
    expect(readUploadFinish(201, headers)).toEqual({ digest, location: "/b" });
    expect(readUploadFinish(204, new Headers())).toEqual({});
  });

  it("refuses other statuses: the blob may not be there yet", () => {
    for (const status of [200, 202]) {
      expect(() => readUploadFinish(status, new Headers())).toThrow(INVALID);
    }
  });
});

describe("parseUploadRange()", () => {
  it.each<[string, number]>([
    ["0-0", 0],
    ["0-99", 99],
    ["bytes=0-99", 99],
    ["bytes 0-99", 99],
    ["Bytes=0-99", 99],
    [" 0-99 ", 99],
    ["100-199", 199],
    ["0--1", -1],
    ["0-9007199254740991", 9007199254740991],
  ])("reads %j", (text, end) => {
    expect(parseUploadRange(text)).toBe(end);
  });

  it.each([
    "",
    "0",
    "0-",
    "-0",
    "9-0",
    "5--1",
    "0--2",
    "bytes",
    "bytes=0-9/10",
    "0-9, 0-9",
    "0-9007199254740992",
    "0-1e3",
    "items=0-9",
  ])("refuses %j", (text) => {
    expect(() => parseUploadRange(text)).toThrow(INVALID);
  });

  it("is undone by formatUploadRange()", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (end) => {
      expect(parseUploadRange(formatUploadRange(end))).toBe(end);
    }));
    expect(formatUploadRange(-1)).toBe("0-0");
  });

  it("throws nothing untyped", () => {
    fc.assert(
      fc.property(nearGrammar, (text) => {
        attempt(() => parseUploadRange(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["0", "-", "0-", " ", "bytes="])("reads %j fast", (pattern) => {
    expectFast(() => parseUploadRange(mebibyteOf(pattern)));
  });
});
