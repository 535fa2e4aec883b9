/**
 * Manifests: documents, media types, descriptors, platforms.
 *
 * In: bytes that somebody verified. Out: one checked view. Next: `distribution`, `client`, `front`.
 * @module
 */
export {
  buildImageIndex,
  buildImageManifest,
  type BuildImageOptions,
  type BuildIndexOptions,
  type BuildOptions,
  EMPTY_DESCRIPTOR,
} from "./build_manifest.ts";
export { type Descriptor, descriptorData, isForeignLayer, readDescriptor } from "./descriptor.ts";
export {
  type ImageIndex,
  type ImageManifest,
  isMultiArch,
  type Manifest,
  type ManifestBase,
  mediaTypeOf,
  platforms,
} from "./manifest.ts";
export {
  isImageMediaType,
  isIndexMediaType,
  isMediaType,
  MANIFEST_ACCEPT,
  type ManifestMediaType,
  MEDIA_TYPES,
  parseContentType,
} from "./media_type.ts";
export { parseConfigPlatform, parseManifest, type ParseManifestOptions } from "./parse_manifest.ts";
export {
  DEFAULT_PLATFORM,
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from "./platform.ts";
export { isAttestation, selectPlatform } from "./select_platform.ts";
