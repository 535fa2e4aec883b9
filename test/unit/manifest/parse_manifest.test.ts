import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import {
  type ImageIndex,
  type ImageManifest,
  isForeignLayer,
  isImageMediaType,
  isIndexMediaType,
  isMultiArch,
  MEDIA_TYPES,
  mediaTypeOf,
  parseConfigPlatform,
  parseManifest,
  platforms,
} from "../../../src/manifest/mod.ts";
import { descriptorJson, DIGEST_B, imageJson, indexJson, parse } from "../../support/manifests.ts";

describe("parseManifest()", () => {
  it("reads an OCI image", () => {
    const image = parse(imageJson(), MEDIA_TYPES.imageManifest) as ImageManifest;
    expect(image).toMatchObject({ kind: "image", mediaType: MEDIA_TYPES.imageManifest });
    expect(image.config.mediaType).toBe(MEDIA_TYPES.imageConfig);
    expect(image.layers).toEqual([descriptorJson()]);
    expect(isMultiArch(image)).toBe(false);
    expect(platforms(image)).toEqual([]);
  });

  it("reads a Docker v2 manifest into the same view", () => {
    const image = parse(
      imageJson({ mediaType: MEDIA_TYPES.dockerManifest }),
      `${MEDIA_TYPES.dockerManifest}; charset=utf-8`,
    );
    expect(image.kind).toBe("image");
    expect(mediaTypeOf(image)).toBe(MEDIA_TYPES.dockerManifest);
  });

  it("reads an OCI index and a Docker manifest list", () => {
    for (const mediaType of [MEDIA_TYPES.imageIndex, MEDIA_TYPES.dockerManifestList]) {
      const index = parse(indexJson(["linux/amd64", "linux/arm64/v8"], { mediaType }), mediaType);
      expect(index).toMatchObject({ kind: "index", mediaType });
      expect(isMultiArch(index)).toBe(true);
      expect(platforms(index)).toEqual([
        { os: "linux", architecture: "amd64" },
        { os: "linux", architecture: "arm64" },
      ]);
    }
  });

  it("reads an artifact with subject, embedded data and annotations", () => {
    const artifact = parse(imageJson({
      artifactType: "application/vnd.example.sbom.v1+json",
      config: descriptorJson({ mediaType: MEDIA_TYPES.empty, size: 2, data: "e30=" }),
      layers: [],
      subject: descriptorJson({ mediaType: MEDIA_TYPES.imageManifest, digest: DIGEST_B }),
      annotations: { "org.example.key": "value", "__proto__": "kept" },
    })) as ImageManifest;
    expect(artifact.artifactType).toBe("application/vnd.example.sbom.v1+json");
    expect(artifact.subject?.digest).toBe(DIGEST_B);
    expect(artifact.config.data).toBe("e30=");
    expect(artifact.layers).toEqual([]);
    expect(artifact.annotations?.["org.example.key"]).toBe("value");
    expect(({} as Record<string, unknown>)["kept"]).toBeUndefined();
  });

  it("keeps the bytes untouched, unknown fields and spaces included", () => {
    const text = JSON.stringify({ ...imageJson(), "x.unknown": { size: 3, n: 1.5 } }, null, 3);
    const bytes = encodeUtf8(text);
    const image = parseManifest(bytes);
    expect(image.raw).toBe(bytes);
    expect(new TextDecoder().decode(image.raw)).toBe(text);
  });

  it("takes null and empty lists for none, as Go writes them", () => {
    expect((parse(imageJson({ layers: null })) as ImageManifest).layers).toEqual([]);
    expect((parse(indexJson([])) as ImageIndex).manifests).toEqual([]);
    expect((parse(indexJson([], { manifests: null })) as ImageIndex).manifests).toEqual([]);
    const image = parse(imageJson({ annotations: null, subject: null, artifactType: null }));
    expect(image).not.toHaveProperty("annotations");
    expect(image).not.toHaveProperty("subject");
  });

  it("takes sha512 descriptors, sizes of 0 and up to 2^53 - 1", () => {
    const digest = `sha512:${"c".repeat(128)}`;
    const layers = [descriptorJson({ digest, size: 0 }), descriptorJson({ size: 2 ** 53 - 1 })];
    expect(parse(imageJson({ layers }))).toMatchObject({ layers });
  });

  it.each([
    ["layers", { layers: {} }, "layers must be a list"],
    ["layers", { layers: undefined }, "layers must be a list"],
    ["config", { config: null }, "config must be a JSON object"],
    ["config", { config: undefined }, "config must be a JSON object"],
    ["schemaVersion", { schemaVersion: 3 }, "schemaVersion must be 2"],
    ["schemaVersion", { schemaVersion: "2" }, "schemaVersion must be 2"],
    ["schemaVersion", { schemaVersion: undefined }, "schemaVersion must be 2"],
    ["mediaType", { mediaType: 2 }, "mediaType must be a string"],
    ["mediaType", { mediaType: null }, "mediaType must be a string"],
    ["annotations", { annotations: [] }, "annotations must be a JSON object"],
    ["annotations", { annotations: { a: 1 } }, "annotations.a must be a string"],
    ["artifactType", { artifactType: 1 }, "artifactType must be a string"],
    ["subject", { subject: "x" }, "subject must be a JSON object"],
    ["layer", { layers: [1] }, "layers[0] must be a JSON object"],
    ["layer", { layers: [null] }, "layers[0] must be a JSON object"],
    ["neither", { layers: undefined, config: undefined }, "must have config and layers"],
  ])("refuses a wrong %s and names it: %j", (_, overrides, message) => {
    expect(() => parse(imageJson(overrides))).toThrow(
      expect.objectContaining({
        code: "INVALID_MANIFEST",
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each([
    [{ size: -1 }, "size must not be negative"],
    [{ size: "10" }, "size must be a whole number"],
    [{ size: 2 ** 53 }, "size must be a whole number"],
    [{ size: null }, "size must be a whole number"],
    [{ digest: "sha256:0" }, "digest must have 64"],
    [{ digest: `sha256:${"A".repeat(64)}` }, "digest must have 64"],
    [{ digest: 1 }, "digest must be a string"],
    [{ mediaType: "" }, "mediaType must be a media type"],
    [{ mediaType: "tar" }, "mediaType must be a media type"],
    [{ mediaType: "a/b\n" }, "mediaType must be a media type"],
    [{ mediaType: undefined }, "mediaType must be a string"],
    [{ urls: "https://x" }, "urls must be a list"],
    [{ urls: [1] }, "urls[0] must be a string"],
    [{ annotations: { a: null } }, "annotations.a must be a string"],
    [{ artifactType: {} }, "artifactType must be a string"],
    [{ data: "!" }, "data must be base64"],
    [{ data: "e30" }, "data must be base64"],
    [{ platform: "linux" }, "platform must be a JSON object"],
    [{ platform: { os: "linux" } }, "platform.architecture must be a string"],
    [{ platform: { architecture: "arm" } }, "platform.os must be a string"],
    [
      { platform: { os: "a", architecture: "b", "os.features": "x" } },
      "os.features must be a list",
    ],
    [{ platform: { os: "a", architecture: "b", variant: 8 } }, "platform.variant must be a string"],
  ])("refuses a descriptor with %j and names the field", (overrides, message) => {
    for (
      const [document, part] of [
        [imageJson({ layers: [descriptorJson(), descriptorJson(overrides)] }), "layers[1]."],
        [imageJson({ config: descriptorJson(overrides) }), "config."],
        [imageJson({ subject: descriptorJson(overrides) }), "subject."],
        [indexJson([], { manifests: [descriptorJson(overrides)] }), "manifests[0]."],
      ] as const
    ) {
      expect(() => parse(document)).toThrow(
        expect.objectContaining({
          code: "INVALID_MANIFEST",
          message: expect.stringContaining(part) && expect.stringContaining(message),
        }),
      );
    }
  });

  it("passes UNSUPPORTED digest algorithms on as such", () => {
    const layers = [descriptorJson({ digest: `blake3:${"0".repeat(64)}` })];
    expect(() => parse(imageJson({ layers }))).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  it.each([
    [{ schemaVersion: 1, name: "a", fsLayers: [], signatures: [] }, undefined],
    [imageJson({ schemaVersion: 1 }), undefined],
    [imageJson({ fsLayers: [] }), undefined],
    [imageJson({ mediaType: MEDIA_TYPES.dockerSchema1 }), undefined],
    [imageJson(), MEDIA_TYPES.dockerSchema1Signed],
  ])("refuses schema 1 clearly", (document, contentType) => {
    expect(() => parse(document, contentType)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: "Docker schema 1 manifest is not supported",
      }),
    );
  });

  it("refuses documents of other media types as UNSUPPORTED", () => {
    const artifact = "application/vnd.oci.artifact.manifest.v1+json";
    expect(() => parse({ mediaType: artifact, blobs: [], schemaVersion: 2 })).toThrow(artifact);
    expect(() => parse(imageJson(), "text/html; charset=utf-8")).toThrow('"text/html"');
  });

  it.each(["", "null", "[]", "1", "{", '"x"', "\u0000", "{}x", "\ufeff{}"])(
    "refuses %j as INVALID_MANIFEST",
    (text) => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: "INVALID_MANIFEST" }));
    },
  );

  it("refuses bytes that are no UTF-8", () => {
    expect(() => parseManifest(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow("is not UTF-8");
  });
});

describe("platforms()", () => {
  it("leaves out attestations and entries without a platform, and takes empty strings for absent", () => {
    const platform = { os: "linux", architecture: "amd64", variant: "", "os.version": "" };
    const attestation = { platform: { os: "unknown", architecture: "unknown" } };
    const manifests = [{ platform }, attestation, {}, { platform }].map(descriptorJson);
    const index = parse(indexJson([], { manifests }));
    expect(platforms(index)).toEqual([{ os: "linux", architecture: "amd64" }]);
  });
});

describe("media types of descriptors", () => {
  it("say whether an index, an image or something else follows", () => {
    const { imageIndex, dockerManifestList, imageManifest, dockerManifest, layer } = MEDIA_TYPES;
    expect([imageIndex, dockerManifestList].every(isIndexMediaType)).toBe(true);
    expect([imageManifest, dockerManifest].every(isImageMediaType)).toBe(true);
    expect([layer, imageIndex].some(isImageMediaType)).toBe(false);
    expect([layer, imageManifest].some(isIndexMediaType)).toBe(false);
  });

  it("may carry parameters, as artifacts in the wild do", () => {
    const layers = [descriptorJson({ mediaType: "text/plain; charset=utf-8" })];
    expect(parse(imageJson({ layers }))).toMatchObject({ layers });
  });

  it.each(["AAAA", "AAA=", "AA=="])("hold embedded data of the length of %s", (data) => {
    const size = data.replaceAll("=", "").length - 1;
    expect(parse(imageJson({ layers: [descriptorJson({ data, size })] })).kind).toBe("image");
  });
});

describe("isForeignLayer()", () => {
  const layerOf = (overrides: object): boolean => {
    const image = parse(imageJson({ layers: [descriptorJson(overrides)] })) as ImageManifest;
    return image.layers.some(isForeignLayer);
  };

  it("tells layers that live elsewhere by media type and by urls", () => {
    expect(layerOf({})).toBe(false);
    expect(layerOf({ urls: [] })).toBe(false);
    expect(layerOf({ urls: ["https://example.com/x"] })).toBe(true);
    expect(layerOf({ mediaType: MEDIA_TYPES.dockerForeignLayer })).toBe(true);
    expect(layerOf({ mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" }))
      .toBe(true);
  });
});

describe("parseConfigPlatform()", () => {
  it("reads the platform of an image config", () => {
    const config = {
      architecture: "arm",
      os: "windows",
      variant: "v7",
      "os.version": "10.0.1.2",
      "os.features": ["win32k"],
      rootfs: { type: "layers", diff_ids: [] },
    };
    expect(parseConfigPlatform(encodeUtf8(JSON.stringify(config)))).toEqual({
      architecture: "arm",
      os: "windows",
      variant: "v7",
      osVersion: "10.0.1.2",
      osFeatures: ["win32k"],
    });
  });

  it("refuses configs without one, and with one by another case", () => {
    expect(() => parseConfigPlatform(encodeUtf8("{}"))).toThrow("config.os must be a string");
    expect(() => parseConfigPlatform(encodeUtf8('{"OS":"a","os":"b","architecture":"c"}'))).toThrow(
      expect.objectContaining({ code: "AMBIGUOUS_MANIFEST" }),
    );
  });
});
