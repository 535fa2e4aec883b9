import type { Descriptor } from "./descriptor.ts";
import type { ManifestMediaType } from "./media_type.ts";
import { formatPlatform, normalizePlatform, type Platform } from "./platform.ts";
import { isAttestation } from "./select_platform.ts";

/** What images and indexes have in common. */
export interface ManifestBase {
  /** The document's own, or what its `Content-Type` or shape says where it names none. */
  readonly mediaType: ManifestMediaType;
  /** The bytes as they came: what the digest is of, and the only thing to pass on or push. */
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The manifest that this one refers to: signatures, SBOMs, attestations. */
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** An image for one platform, or an artifact. Docker's v2 and OCI's look alike. */
export interface ImageManifest extends ManifestBase {
  readonly kind: "image";
  readonly config: Descriptor;
  /** From the base upwards; empty for scratch images and some artifacts. */
  readonly layers: readonly Descriptor[];
}

/** A list of manifests: an OCI index or a Docker manifest list. */
export interface ImageIndex extends ManifestBase {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

/** One normal view of the four kinds of document; unknown fields are in `raw` alone. */
export type Manifest = ImageManifest | ImageIndex;

/** The media type to send a manifest with. */
export function mediaTypeOf(manifest: Manifest): ManifestMediaType {
  return manifest.mediaType;
}

/** Whether there is a choice of manifests: an index or a list, even one with a single entry. */
export function isMultiArch(manifest: Manifest): manifest is ImageIndex {
  return manifest.kind === "index";
}

/**
 * The platforms of an index, normal and each once, in the order of its entries; attestations and
 * entries without a platform are left out. Empty for an image, whose platform is in its config.
 */
export function platforms(manifest: Manifest): readonly Platform[] {
  if (manifest.kind === "image") return [];
  const found = new Map<string, Platform>();
  for (const entry of manifest.manifests) {
    if (entry.platform === undefined || isAttestation(entry)) continue;
    const platform = normalizePlatform(entry.platform);
    found.set(formatPlatform(platform), platform);
  }
  return [...found.values()];
}
