import { createHash } from "node:crypto";
import { crc32 as zlibCrc32, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bytesContent, contentBytes, generatedContent } from "../../../src/simulation/content.ts";
import { crc32 } from "../../../src/simulation/crc32.ts";
import { storedGzip } from "../../../src/simulation/gzip.ts";
import { buildArtifact, buildImage, buildIndex } from "../../../src/simulation/image.ts";
import { nodeHasher } from "../../../src/simulation/serve_node.ts";

const sha = (bytes: Uint8Array, algorithm = "sha256"): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;

function documentOf({ bytes }: { bytes: Uint8Array }): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes));
}

describe("crc32()", () => {
  it("agrees with zlib, in one piece and in two", () => {
    const bytes = contentBytes(generatedContent(1, 1000));
    expect(crc32(bytes)).toBe(zlibCrc32(bytes));
    expect(crc32(bytes.slice(400), crc32(bytes.slice(0, 400)))).toBe(zlibCrc32(bytes));
  });
});

describe("storedGzip()", () => {
  it.each([0, 1, 65534, 65535, 65536, 200_000])("unpacks to its content of %i bytes", (size) => {
    const content = generatedContent(size, size);
    for (const padding of [0, 2, 3, 1000]) {
      const gzip = contentBytes(storedGzip(content, padding));
      expect(new Uint8Array(gunzipSync(gzip))).toEqual(contentBytes(content));
    }
  });
});

describe("buildImage()", () => {
  it.each([0, 1, 17, 2047, 2048, 2071, 2072, 2073, 65_536, 1_048_593])(
    "a layer of %i bytes is exactly that long, under its digest",
    async (size) => {
      const { layers: [layer] } = await buildImage({ layers: [size] });
      expect(layer?.content.size).toBe(size);
      expect(layer && sha(contentBytes(layer.content))).toBe(layer?.digest);
    },
  );

  it("every size from 2 KiB on is a gzip of a tar", async () => {
    for (let size = 2048; size < 2048 + 600; size++) {
      const { layers: [layer] } = await buildImage({ layers: [size] });
      const bytes = layer && contentBytes(layer.content);
      expect(bytes?.length).toBe(size);
      expect(bytes && sha(gunzipSync(bytes))).toBe(layer?.diffId);
    }
  });

  it("equal options give equal bytes, another seed gives others", async () => {
    const [a, b] = [await buildImage({ layers: 2 }), await buildImage({ layers: 2 })];
    expect(a.digest).toBe(b.digest);
    expect((await buildImage({ layers: 2, seed: 2 })).digest).not.toBe(a.digest);
  });

  it("the manifest lists config and layers with sizes and digests", async () => {
    const image = await buildImage({ layers: 3, format: "docker" });
    const manifest = documentOf(image);
    expect(manifest).toMatchObject({
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: { mediaType: "application/vnd.docker.container.image.v1+json" },
    });
    const listed = (manifest["layers"] as { digest: string; size: number }[])
      .map(({ digest, size }) => [digest, size]);
    expect(listed).toEqual(image.layers.map(({ digest, content }) => [digest, content.size]));
    expect(image.digest).toBe(sha(image.bytes));
  });

  it("no layers, sha512, files, plain tar", async () => {
    expect(documentOf(await buildImage({ layers: 0 }))["layers"]).toEqual([]);
    const long = await buildImage({ algorithm: "sha512", layers: [{ files: { "a.txt": "a" } }] });
    expect(long.digest).toBe(sha(long.bytes, "sha512"));
    const plain = await buildImage({ layers: [{ compression: "none" }] });
    expect(plain.layers[0]?.diffId).toBe(plain.layers[0]?.digest);
  });

  it("a layer above 256 MiB needs a hasher", async () => {
    const layers = [{ size: 256 * 1024 * 1024 + 1, compression: "opaque" } as const];
    await expect(buildImage({ layers })).rejects.toThrow(TypeError);
  });

  it("with a hasher digests are the same as without", async () => {
    const [a, b] = [
      await buildImage({ layers: [70_000] }),
      await buildImage({
        layers: [70_000],
        hasher: nodeHasher,
      }),
    ];
    expect(a.digest).toBe(b.digest);
  });
});

describe("buildIndex(), buildArtifact()", () => {
  it("an index lists its children with platforms, and may be empty or nested", async () => {
    const platform = { os: "linux", architecture: "arm", variant: "v7" };
    const child = await buildImage({ platform });
    const index = await buildIndex({ manifests: [child] });
    expect(documentOf(index)["manifests"]).toEqual([{ ...child.descriptor, platform }]);
    expect(documentOf(await buildIndex({ manifests: [] }))["manifests"]).toEqual([]);
    const nested = await buildIndex({ manifests: [index] });
    expect(documentOf(nested)["manifests"]).toMatchObject([{ mediaType: index.mediaType }]);
  });

  it("an artifact names its subject by a bare descriptor and has the empty config", async () => {
    const subject = await buildImage();
    const artifact = await buildArtifact({ artifactType: "test/x", subject });
    expect(documentOf(artifact)).toMatchObject({
      artifactType: "test/x",
      config: {
        mediaType: "application/vnd.oci.empty.v1+json",
        digest: sha(new TextEncoder().encode("{}")),
      },
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
    });
  });

  it("extra fields win over built ones", async () => {
    const image = await buildImage({ extra: { mediaType: "text/plain", x: 1 } });
    expect(documentOf(image)).toMatchObject({ mediaType: "text/plain", x: 1 });
    expect(bytesContent(image.bytes).size).toBe(image.descriptor.size);
  });
});
