import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8 } from "../../../src/core/mod.ts";
import {
  buildImageIndex,
  buildImageManifest,
  type Descriptor,
  descriptorData,
  EMPTY_DESCRIPTOR,
  MEDIA_TYPES,
  parseManifest,
} from "../../../src/manifest/mod.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { DIGEST_A, DIGEST_B } from "../../support/manifests.ts";
import { digests } from "../../support/wire_arbitraries.ts";

const config: Descriptor = {
  mediaType: MEDIA_TYPES.imageConfig,
  digest: parseDigest(DIGEST_A),
  size: 7,
};
const layer: Descriptor = { ...config, mediaType: MEDIA_TYPES.layerGzip };

describe("EMPTY_DESCRIPTOR", () => {
  it("describes the two bytes {}", async () => {
    const data = descriptorData(EMPTY_DESCRIPTOR);
    expect(data).toEqual(new TextEncoder().encode("{}"));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data as BufferSource));
    expect(EMPTY_DESCRIPTOR.digest).toBe(`sha256:${Buffer.from(hash).toString("hex")}`);
    expect(EMPTY_DESCRIPTOR.size).toBe(2);
    expect(descriptorData(config)).toBeUndefined();
  });
});

describe("buildImageManifest()", () => {
  it("writes nothing of a descriptor but the fields of one", () => {
    const pushed = { ...layer, outcome: "uploaded", sentBytes: 7 };
    const { raw } = buildImageManifest({ config: pushed, layers: [pushed] });
    expect(raw).toEqual(buildImageManifest({ config: layer, layers: [layer] }).raw);
  });

  it("writes an OCI image with its fields in the spec's order", () => {
    const { raw, kind } = buildImageManifest({ config, layers: [layer], annotations: { b: "1" } });
    expect(kind).toBe("image");
    expect(decodeUtf8(raw)).toBe(
      `{"schemaVersion":2,"mediaType":"${MEDIA_TYPES.imageManifest}",` +
        `"config":{"mediaType":"${MEDIA_TYPES.imageConfig}","digest":"${DIGEST_A}","size":7},` +
        `"layers":[{"mediaType":"${MEDIA_TYPES.layerGzip}","digest":"${DIGEST_A}","size":7}],` +
        `"annotations":{"b":"1"}}`,
    );
  });

  it("writes Docker's format", () => {
    const image = buildImageManifest({
      config: { ...config, mediaType: MEDIA_TYPES.dockerConfig },
      layers: [],
      format: "docker",
    });
    expect(image.mediaType).toBe(MEDIA_TYPES.dockerManifest);
  });

  it("writes artifacts, with the empty config by default", () => {
    const subject = { ...config, digest: parseDigest(DIGEST_B) };
    const artifact = buildImageManifest({ artifactType: "a/b", layers: [layer], subject });
    expect(artifact).toMatchObject({ artifactType: "a/b", config: EMPTY_DESCRIPTOR, subject });
  });

  it("refuses what the format cannot hold as misuse", () => {
    expect(() => buildImageManifest({ layers: [] })).toThrow(TypeError);
    expect(() => buildImageManifest({ config, layers: [], format: "docker", annotations: {} }))
      .toThrow(TypeError);
  });

  it("checks every field it writes", () => {
    expect(() => buildImageManifest({ config, layers: [{ ...layer, size: -1 }] })).toThrow(
      expect.objectContaining({ code: "INVALID_MANIFEST" }),
    );
    expect(() => buildImageManifest({ config, layers: [{ ...layer, size: 1e21 }] })).toThrow(
      expect.objectContaining({ code: "AMBIGUOUS_MANIFEST" }),
    );
  });
});

describe("buildImageIndex()", () => {
  it("writes platforms under their names on the wire", () => {
    const platform = {
      os: "windows",
      architecture: "arm64",
      variant: "v8",
      osVersion: "10.0.1.2",
      osFeatures: ["win32k"],
    };
    const entry = { ...config, mediaType: MEDIA_TYPES.imageManifest, platform };
    const index = buildImageIndex({ manifests: [entry] });
    expect(index.manifests).toEqual([entry]);
    expect(decodeUtf8(index.raw)).toContain(
      '"platform":{"architecture":"arm64","os":"windows","os.version":"10.0.1.2",' +
        '"os.features":["win32k"],"variant":"v8"}',
    );
  });

  it("writes a Docker manifest list", () => {
    const list = buildImageIndex({ manifests: [], format: "docker" });
    expect(list.mediaType).toBe(MEDIA_TYPES.dockerManifestList);
    expect(() => buildImageIndex({ manifests: [], format: "docker", artifactType: "a/b" }))
      .toThrow(TypeError);
  });
});

describe("parse and build", () => {
  const descriptors = fc.record({
    mediaType: fc.constantFrom(MEDIA_TYPES.layerGzip, MEDIA_TYPES.imageConfig, "a/b"),
    digest: digests,
    size: fc.maxSafeNat(),
    urls: fc.array(fc.webUrl(), { maxLength: 2 }),
    annotations: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
  }, { requiredKeys: ["mediaType", "digest", "size"] }) as fc.Arbitrary<Descriptor>;

  it("are inverse, and building is a fixed point", () => {
    const images = fc.record({
      config: descriptors,
      layers: fc.array(descriptors, { maxLength: 4 }),
      subject: descriptors,
      annotations: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
      artifactType: fc.constant("application/x"),
    }, { requiredKeys: ["config", "layers"] });
    fc.assert(
      fc.property(images, (options) => {
        const image = buildImageManifest(options as Parameters<typeof buildImageManifest>[0]);
        expect(image).toMatchObject(JSON.parse(JSON.stringify(options)));
        const again = parseManifest(image.raw, { contentType: image.mediaType });
        expect(again).toEqual(image);
        expect(buildImageManifest(again as typeof image).raw).toEqual(image.raw);
      }),
      { numRuns: 1000 },
    );
  });
});
