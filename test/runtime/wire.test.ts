import { describe, expect, it } from "vitest";
import { encodeUtf8, isTidegateError } from "../../src/core/mod.ts";
import {
  parsePath,
  pullBlobRequest,
  readErrorBody,
  readNextLink,
  readPullBlobHead,
} from "../../src/distribution/mod.ts";
import {
  buildImageManifest,
  type ImageIndex,
  MEDIA_TYPES,
  parseManifest,
  parsePlatform,
  selectPlatform,
} from "../../src/manifest/mod.ts";
import { formatFamiliar, parseDigest, parseReference } from "../../src/reference/mod.ts";

const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const descriptor = { mediaType: MEDIA_TYPES.imageConfig, digest, size: 2 };

function codeOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return isTidegateError(error) ? error.code : error;
  }
}

describe("wire", () => {
  it("parseReference() decides hosts alike on every runtime", () => {
    expect(formatFamiliar(parseReference("docker.io/library/nginx"))).toBe("nginx:latest");
    expect(parseReference("[::1]:5000/app").registry).toBe("[::1]:5000");
    for (const bad of ["[:::]/app", "1.2.3.256/app", "host:65536/app", "h_h.example/app"]) {
      expect(codeOf(() => parseReference(bad))).toBe("INVALID_IMAGE_REFERENCE");
    }
  });

  it("parseManifest() reads what buildImageManifest() writes", () => {
    const image = buildImageManifest({ config: descriptor, layers: [descriptor] });
    expect(parseManifest(image.raw, { contentType: image.mediaType })).toEqual(image);
  });

  it("parseManifest() refuses what two readers could understand differently", () => {
    for (const text of ['{"a":1,"a":2}', '{"schemaVersion":2e0}', '{"Layers":[]}']) {
      expect(codeOf(() => parseManifest(encodeUtf8(text)))).toBe("AMBIGUOUS_MANIFEST");
    }
    expect(codeOf(() => parseManifest(Uint8Array.of(0xff)))).toBe("INVALID_MANIFEST");
    expect(codeOf(() => parseManifest(encodeUtf8("\ufeff{}")))).toBe("INVALID_MANIFEST");
  });

  it("selectPlatform() falls back as containerd does", () => {
    const platform = { os: "linux", architecture: "arm", variant: "v6" };
    const index = { manifests: [{ ...descriptor, platform }] } as unknown as ImageIndex;
    expect(selectPlatform(index, parsePlatform("linux/arm64")).platform).toEqual(platform);
    expect(codeOf(() => selectPlatform(index, parsePlatform("amd64")))).toBe("PLATFORM_NOT_FOUND");
  });

  it("requests and paths are inverse", () => {
    const target = { origin: "https://r.example", repository: "acme/app" };
    const { pathname } = new URL(pullBlobRequest(target, digest).url);
    expect(parsePath(pathname)).toEqual({ kind: "blob", name: "acme/app", digest });
    expect(parsePath(new URL("https://h/v2/a/%2e%2e/b/tags/list").pathname)).toEqual({
      kind: "tags",
      name: "b",
    });
  });

  it("readPullBlobHead() sees duplicate headers", () => {
    const headers = new Headers({ "content-range": "bytes 5-9/10" });
    expect(readPullBlobHead(206, headers, { start: 5 }).end).toBe(9);
    headers.append("content-range", "bytes 5-9/10");
    expect(codeOf(() => readPullBlobHead(206, headers, { start: 5 }))).toBe("INVALID_RESPONSE");
  });

  it("readNextLink() resolves alike on every runtime", () => {
    const headers = new Headers({ link: "<//evil.example\\x>; rel=next" });
    expect(readNextLink(headers, "https://r.example/v2/")).toBe("https://evil.example/x");
  });

  it("readErrorBody() cleans what it shows", () => {
    const body = encodeUtf8('{"errors":[{"code":"X","message":"a\\u0000\\u202eb"}]}');
    expect(readErrorBody(body, null)).toEqual([{ code: "X", message: "a b" }]);
  });
});
