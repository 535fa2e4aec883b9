import {
  type Descriptor,
  isImageMediaType,
  isIndexMediaType,
  type Manifest,
} from "../manifest/mod.ts";

/** What a manifest lists, in its order; not its subject, which lives without it. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === "index" ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** Whether a descriptor names a document that lists others. */
export function isManifest({ mediaType }: Descriptor): boolean {
  return isImageMediaType(mediaType) || isIndexMediaType(mediaType);
}
