import { encodeUtf8 } from "../core/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ImageIndex, ImageManifest, Manifest } from "./manifest.ts";
import { MEDIA_TYPES } from "./media_type.ts";
import { parseManifest } from "./parse_manifest.ts";
import type { Platform } from "./platform.ts";

/** What images and indexes may carry besides their descriptors. Docker's format has none of it. */
export interface BuildOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** What an image or artifact consists of. */
export interface BuildImageOptions extends BuildOptions {
  /** Default is {@linkcode EMPTY_DESCRIPTOR}, which needs an `artifactType`. */
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Default is `oci`. */
  readonly format?: "oci" | "docker";
}

/** What an index lists. */
export interface BuildIndexOptions extends BuildOptions {
  readonly manifests: readonly Descriptor[];
  /** Default is `oci`. */
  readonly format?: "oci" | "docker";
}

/** The blob `{}`, carried inside: config of artifacts, and layer of artifacts without content. */
export const EMPTY_DESCRIPTOR: Descriptor = {
  mediaType: MEDIA_TYPES.empty,
  digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" as Digest,
  size: 2,
  data: "e30=",
};

/**
 * Write an image manifest. The same input gives the same bytes.
 *
 * @throws {TidegateError} INVALID_MANIFEST, AMBIGUOUS_MANIFEST or UNSUPPORTED when a field breaks
 * the rules of {@linkcode parseManifest}, which reads the result back.
 * @throws {TypeError} If Docker's format is asked for with what it cannot hold, or neither `config`
 * nor `artifactType` is given.
 */
export function buildImageManifest(options: BuildImageOptions): ImageManifest {
  const { config = EMPTY_DESCRIPTOR, layers, format = "oci" } = options;
  if (config.mediaType === MEDIA_TYPES.empty && options.artifactType === undefined) {
    throw new TypeError("An image with an empty config needs an artifactType");
  }
  const mediaType = format === "oci" ? MEDIA_TYPES.imageManifest : MEDIA_TYPES.dockerManifest;
  return serialize(options, format, {
    schemaVersion: 2,
    mediaType,
    artifactType: options.artifactType,
    config: writeDescriptor(config),
    layers: layers.map(writeDescriptor),
  }) as ImageManifest;
}

/**
 * Write an index, or a Docker manifest list. The same input gives the same bytes.
 *
 * @throws {TidegateError} INVALID_MANIFEST, AMBIGUOUS_MANIFEST or UNSUPPORTED as
 * {@linkcode buildImageManifest}.
 * @throws {TypeError} If Docker's format is asked for with what it cannot hold.
 */
export function buildImageIndex(options: BuildIndexOptions): ImageIndex {
  const { manifests, format = "oci" } = options;
  const mediaType = format === "oci" ? MEDIA_TYPES.imageIndex : MEDIA_TYPES.dockerManifestList;
  return serialize(options, format, {
    schemaVersion: 2,
    mediaType,
    artifactType: options.artifactType,
    manifests: manifests.map(writeDescriptor),
  }) as ImageIndex;
}

function serialize(options: BuildOptions, format: "oci" | "docker", fields: object): Manifest {
  const { annotations, subject, artifactType } = options;
  if (format === "docker" && (annotations ?? subject ?? artifactType) !== undefined) {
    throw new TypeError("Docker's format has no annotations, subject or artifactType");
  }
  const document = {
    ...fields,
    ...(subject === undefined ? {} : { subject: writeDescriptor(subject) }),
    annotations,
  };
  return parseManifest(encodeUtf8(JSON.stringify(document)));
}

/** Its own fields alone: what callers spread into it besides is none of the document's. */
function writeDescriptor(descriptor: Descriptor): object {
  const { mediaType, digest, size, urls, annotations, data, artifactType, platform } = descriptor;
  return {
    ...{ mediaType, digest, size, urls, annotations, data, artifactType },
    ...(platform === undefined ? {} : { platform: writePlatform(platform) }),
  };
}

function writePlatform(platform: Platform): object {
  return {
    architecture: platform.architecture,
    os: platform.os,
    "os.version": platform.osVersion,
    "os.features": platform.osFeatures,
    variant: platform.variant,
  };
}
