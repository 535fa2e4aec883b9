import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8, isTidegateError } from "../../../src/core/mod.ts";
import {
  deleteBlobRequest,
  deleteManifestRequest,
  isDeleted,
  MAX_PUSH_TAGS,
  missingBlobsError,
  pushManifestRequest,
  readPushManifest,
} from "../../../src/distribution/mod.ts";
import { MEDIA_TYPES } from "../../../src/manifest/mod.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { DIGEST_A, DIGEST_B } from "../../support/manifests.ts";
import { attempt } from "../../support/parser_checks.ts";
import { tags } from "../../support/wire_arbitraries.ts";

/** The code of the error that something throws. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isTidegateError(error) ? error.code : String(error);
  }
  return undefined;
}

const target = { origin: "https://r.example", repository: "acme/app" };
const digest = parseDigest(DIGEST_A);
const bytes = encodeUtf8("{}");
const MANIFESTS = "https://r.example/v2/acme/app/manifests";

describe("pushManifestRequest()", () => {
  it("sends the very bytes under their media type, by tag or digest", () => {
    expect(pushManifestRequest(target, "v1", bytes, MEDIA_TYPES.imageIndex)).toEqual({
      method: "PUT",
      url: `${MANIFESTS}/v1`,
      headers: { "content-type": MEDIA_TYPES.imageIndex },
      kind: "manifest",
      scopes: ["repository:acme/app:pull,push"],
      body: bytes,
    });
    const { url, body } = pushManifestRequest(target, digest, bytes, "a/b");
    expect(url).toBe(`${MANIFESTS}/${digest}`);
    expect(body).toBe(bytes);
  });

  it("names further tags beside a digest, one parameter each", () => {
    const options = { tags: ["v1", "latest"] };
    expect(pushManifestRequest(target, digest, bytes, "a/b", options).url)
      .toBe(`${MANIFESTS}/${digest}?tag=v1&tag=latest`);
    expect(() => pushManifestRequest(target, "v1", bytes, "a/b", options)).toThrow(TypeError);
    const many = Array.from({ length: MAX_PUSH_TAGS + 1 }, (_, i) => `t${i}`);
    expect(codeOf(() => pushManifestRequest(target, digest, bytes, "a/b", { tags: many })))
      .toBe("LIMIT_EXCEEDED");
    expect(codeOf(() => pushManifestRequest(target, digest, bytes, "a/b", { tags: ["a b"] })))
      .toBe("INVALID_TAG");
  });

  it("can be conditional", () => {
    const headersOf = (options: object): object =>
      pushManifestRequest(target, "v1", bytes, "a/b", options).headers;
    expect(headersOf({ ifMatch: '"e"' })).toEqual({ "content-type": "a/b", "if-match": '"e"' });
    expect(headersOf({ ifNoneMatch: "*" })).toMatchObject({ "if-none-match": "*" });
  });

  it("refuses what is no reference or no media type", () => {
    const push = (reference: string, mediaType = "a/b"): unknown =>
      pushManifestRequest(target, reference, bytes, mediaType);
    expect(codeOf(() => push("../x"))).toBe("INVALID_TAG");
    expect(codeOf(() => push("sha256:short"))).toBe("INVALID_DIGEST");
    expect(() => push("v1", "a/b; charset=utf-8")).toThrow(TypeError);
    expect(() => push("v1", "a/b\r\nx: y")).toThrow(TypeError);
  });
});

describe("readPushManifest()", () => {
  const read = (headers: Record<string, string>, status = 201): unknown =>
    readPushManifest(status, new Headers(headers));

  it("reads digest, subject, tags and location", () => {
    expect(read({
      "docker-content-digest": DIGEST_A,
      "oci-subject": DIGEST_B,
      "oci-tag": "v1, latest",
      location: "/v2/x",
    })).toEqual({ digest: DIGEST_A, subject: DIGEST_B, tags: ["v1", "latest"], location: "/v2/x" });
    expect(read({}, 202)).toEqual({
      digest: undefined,
      subject: undefined,
      tags: [],
      location: undefined,
    });
  });

  it("takes tags given in several headers, each once", () => {
    const headers = new Headers([["oci-tag", "a"], ["oci-tag", "b,a,"]]);
    expect(readPushManifest(201, headers).tags).toEqual(["a", "b"]);
    fc.assert(fc.property(fc.uniqueArray(tags, { maxLength: 20 }), (list) => {
      const header = new Headers(list.map((tag): [string, string] => ["oci-tag", tag]));
      expect(readPushManifest(201, header).tags).toEqual(list);
    }));
  });

  it("refuses other statuses and malformed headers", () => {
    for (const status of [200, 204, 303, 400]) {
      expect(codeOf(() => read({}, status))).toBe("INVALID_RESPONSE");
    }
    expect(codeOf(() => read({ "oci-subject": "sha256:x" }))).toBe("INVALID_RESPONSE");
    expect(codeOf(() => read({ "oci-subject": `${DIGEST_A}, ${DIGEST_B}` })))
      .toBe("INVALID_RESPONSE");
    expect(codeOf(() => read({ "oci-tag": "a b" }))).toBe("INVALID_RESPONSE");
    expect(codeOf(() => read({ "docker-content-digest": "x" }))).toBe("INVALID_RESPONSE");
  });

  it("throws nothing untyped, whatever the headers say", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (subject, tag) => {
      attempt(() => {
        try {
          return read({ "oci-subject": subject, "oci-tag": tag });
        } catch (error) {
          if (error instanceof TypeError) return undefined; // no header at all
          throw error;
        }
      });
    }));
  });
});

describe("deletions", () => {
  const scopes = ["repository:acme/app:pull,push,delete"];

  it("deleteManifestRequest() names a digest or a tag", () => {
    expect(deleteManifestRequest(target, digest)).toEqual({
      method: "DELETE",
      url: `${MANIFESTS}/${digest}`,
      headers: {},
      kind: "manifest",
      scopes,
    });
    expect(deleteManifestRequest(target, "v1").url).toBe(`${MANIFESTS}/v1`);
    expect(codeOf(() => deleteManifestRequest(target, "a/b"))).toBe("INVALID_TAG");
  });

  it("deleteBlobRequest() names a digest", () => {
    const { signal } = new AbortController();
    expect(deleteBlobRequest(target, digest, { signal })).toEqual({
      method: "DELETE",
      url: `https://r.example/v2/acme/app/blobs/${digest}`,
      headers: {},
      kind: "blob",
      scopes,
      signal,
    });
  });

  it("isDeleted() takes 202 and what others say instead", () => {
    expect([200, 202, 204].every(isDeleted)).toBe(true);
    expect([201, 206, 303, 404, 405].some(isDeleted)).toBe(false);
  });
});

describe("missingBlobsError()", () => {
  const failing = (body: string, status = 400): ReturnType<typeof missingBlobsError> =>
    missingBlobsError({
      status,
      headers: new Headers({ "content-type": "application/json" }),
      origin: "https://r.example",
      body: encodeUtf8(body),
    }, "r.example/acme/app:v1");

  it("lists the digests that the registry names, wherever it names them", () => {
    const errors = [
      { code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown", detail: DIGEST_A },
      { code: "MANIFEST_BLOB_UNKNOWN", detail: { digest: DIGEST_B, other: DIGEST_A } },
      { code: "BLOB_UNKNOWN", message: `no sha512:${"c".repeat(128)}` },
      { code: "TAG_INVALID", detail: `sha256:${"d".repeat(64)}` },
    ];
    const error = failing(JSON.stringify({ errors }));
    expect(error).toMatchObject({
      code: "MANIFEST_BLOB_UNKNOWN",
      details: {
        status: 400,
        image: "r.example/acme/app:v1",
        digests: [DIGEST_A, DIGEST_B, `sha512:${"c".repeat(128)}`],
      },
    });
    expect(error?.message).toContain(DIGEST_B);
  });

  it("stands without any digest, and not for other refusals", () => {
    const unknown = JSON.stringify({ errors: [{ code: "MANIFEST_BLOB_UNKNOWN" }] });
    expect(failing(unknown, 404)?.details.digests).toEqual([]);
    expect(failing(unknown, 401)).toBeUndefined();
    expect(failing(unknown, 500)).toBeUndefined();
    for (const body of ["", "<html>", "null", "[]", '{"errors":{}}', '{"errors":[null,1,{}]}']) {
      expect(failing(body)).toBeUndefined();
    }
  });

  it("throws nothing, whatever the body, and keeps the list short", () => {
    fc.assert(fc.property(fc.json(), (body) => void failing(body)));
    const detail = Array.from({ length: 500 }, (_, i) => `sha256:${String(i).padStart(64, "0")}`);
    const errors = [{ code: "MANIFEST_BLOB_UNKNOWN", detail }];
    expect(failing(JSON.stringify({ errors }))?.details.digests).toHaveLength(128);
  });
});
