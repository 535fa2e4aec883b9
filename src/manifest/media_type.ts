/** Media types of documents, configs and layers, by the names that the specs use. */
export const MEDIA_TYPES = {
  imageManifest: "application/vnd.oci.image.manifest.v1+json",
  imageIndex: "application/vnd.oci.image.index.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  imageConfig: "application/vnd.oci.image.config.v1+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  /** The blob `{}`: config of artifacts. */
  empty: "application/vnd.oci.empty.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerForeignLayer: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  /** Deprecated, refused. */
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  /** Deprecated, refused. */
  dockerSchema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
} as const;

/** Media types of the documents that `parseManifest` reads. */
export type ManifestMediaType =
  | typeof MEDIA_TYPES.imageManifest
  | typeof MEDIA_TYPES.imageIndex
  | typeof MEDIA_TYPES.dockerManifest
  | typeof MEDIA_TYPES.dockerManifestList;

/** What a media type says a document is. `schema1` is known only to be refused. */
export type DocumentKind = "image" | "index" | "schema1";

const SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+";
const INDEX_TYPES: readonly string[] = [MEDIA_TYPES.imageIndex, MEDIA_TYPES.dockerManifestList];
const IMAGE_TYPES: readonly string[] = [MEDIA_TYPES.imageManifest, MEDIA_TYPES.dockerManifest];

/**
 * The `Accept` value of a manifest request: indexes before images, OCI before Docker. It has no
 * wildcard, so that no registry falls back to schema 1.
 */
export const MANIFEST_ACCEPT: string = [...INDEX_TYPES, ...IMAGE_TYPES].join(", ");

/** What a document of this media type is, or undefined for any other media type. */
export function documentKind(mediaType: string): DocumentKind | undefined {
  if (isIndexMediaType(mediaType)) return "index";
  if (isImageMediaType(mediaType)) return "image";
  return mediaType.startsWith(SCHEMA1) ? "schema1" : undefined;
}

/** Whether a descriptor or header of this media type names an index or a list. */
export function isIndexMediaType(mediaType: string): boolean {
  return INDEX_TYPES.includes(mediaType);
}

/** Whether a descriptor or header of this media type names an image manifest. */
export function isImageMediaType(mediaType: string): boolean {
  return IMAGE_TYPES.includes(mediaType);
}

/**
 * The `type/subtype` of a `Content-Type` value in lower case, without its parameters, which the
 * distribution spec says to ignore; undefined when there is not exactly one.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-8.3 | RFC 9110 8.3}
 */
export function parseContentType(text: string): string | undefined {
  const mediaType = text.replace(/;.*/s, "").trim().toLowerCase();
  return isMediaType(mediaType) ? mediaType : undefined;
}

/** Whether the text is one `type/subtype`, as in RFC 6838 4.2. */
export function isMediaType(text: string): boolean {
  return text.length <= 255 && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(text);
}
