import type { Json } from "../core/mod.ts";
import { readDescriptor, readPlatform } from "./descriptor.ts";
import { type Document, parseDocument, readDocument } from "./document.ts";
import { readList, readOptional, readString, readStringMap } from "./fields.ts";
import type { Manifest, ManifestBase } from "./manifest.ts";
import type { Platform } from "./platform.ts";

/** How a manifest came. */
export interface ParseManifestOptions {
  /** The `Content-Type` it was sent with; parameters are ignored. Must agree with the document. */
  readonly contentType?: string | undefined;
}

/**
 * Read a Docker v2 manifest, a Docker manifest list, an OCI image manifest (artifacts too) or an OCI
 * index, and check every field that has a meaning.
 *
 * Does not check the digest: verify the bytes first, against the digest that was asked for.
 *
 * @param bytes The document as it came. Kept as `raw`, neither copied nor changed.
 * @throws {TidegateError} INVALID_MANIFEST when a field breaks its rule; AMBIGUOUS_MANIFEST when two
 * readers could understand the document differently; UNSUPPORTED for schema 1, other media types
 * and digest algorithms that cannot be verified.
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/manifest.md | image-spec, Image Manifest}
 */
export function parseManifest(
  bytes: Uint8Array<ArrayBuffer>,
  options: ParseManifestOptions = {},
): Manifest {
  const document = readDocument(bytes, options.contentType);
  const base = readBase(document, bytes);
  const { fields } = document;
  if (document.kind === "index") {
    return { kind: "index", ...base, manifests: readDescriptors(fields["manifests"], "manifests") };
  }
  const config = readDescriptor(fields["config"], "config");
  return { kind: "image", ...base, config, layers: readDescriptors(fields["layers"], "layers") };
}

/**
 * The platform in an image config: what a single manifest runs on.
 *
 * @param bytes The config blob.
 * @throws {TidegateError} INVALID_MANIFEST or AMBIGUOUS_MANIFEST naming the field.
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/config.md#properties | image-spec, Image Configuration}
 */
export function parseConfigPlatform(bytes: Uint8Array): Platform {
  return readPlatform(parseDocument(bytes), "config");
}

function readBase({ fields, mediaType }: Document, raw: Uint8Array<ArrayBuffer>): ManifestBase {
  return {
    mediaType,
    raw,
    ...readOptional(fields, "", {
      annotations: readStringMap,
      subject: readDescriptor,
      artifactType: readString,
    }),
  };
}

/** Go writes an empty list as null. */
function readDescriptors(
  value: Json | undefined,
  part: string,
): ReturnType<typeof readDescriptor>[] {
  return value === null ? [] : readList(value, part, readDescriptor);
}
