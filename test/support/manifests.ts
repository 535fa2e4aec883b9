import { encodeUtf8 } from "../../src/core/mod.ts";
import { type Manifest, MEDIA_TYPES, parseManifest } from "../../src/manifest/mod.ts";

export const DIGEST_A: string = `sha256:${"a".repeat(64)}`;
export const DIGEST_B: string = `sha256:${"b".repeat(64)}`;

/** JSON of a descriptor as a registry would send it. */
export function descriptorJson(overrides: object = {}): Record<string, unknown> {
  return { mediaType: MEDIA_TYPES.layerGzip, digest: DIGEST_A, size: 10, ...overrides };
}

/** JSON of a sound OCI image manifest. */
export function imageJson(overrides: object = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.imageManifest,
    config: descriptorJson({ mediaType: MEDIA_TYPES.imageConfig }),
    layers: [descriptorJson()],
    ...overrides,
  };
}

/** JSON of a sound OCI index with entries for the platforms given as `os/architecture[/variant]`. */
export function indexJson(platforms: readonly string[], overrides: object = {}): object {
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.imageIndex,
    manifests: platforms.map((text, i) => {
      const [os, architecture, variant] = text.split("/");
      return descriptorJson({
        mediaType: MEDIA_TYPES.imageManifest,
        digest: `sha256:${String(i).padStart(64, "0")}`,
        platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
      });
    }),
    ...overrides,
  };
}

/** Parse a document given as a value or as text. */
export function parse(document: unknown, contentType?: string): Manifest {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return parseManifest(encodeUtf8(text), { contentType });
}
