import { excerpt } from "../core/mod.ts";
import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { cacheAnnotations, isCacheAnnotation } from "./cache_record.ts";
import { type BlobStore, findEntry, notFound, readManifest } from "./image_reader_node.ts";
import { readIndex, writeIndex } from "./index_file_node.ts";
import type { CacheOrigin } from "./layout.ts";
import { withEntry, withoutEntries } from "./layout_index.ts";
import { walkManifests } from "./walk_manifests_node.ts";
import type { LayoutContext } from "./layout_context_node.ts";

const LONGEST_NAME = 1024; // as a reference

/**
 * Refuse a name that no tool could ask for.
 * @throws {TypeError} If it is empty, too long or has control characters.
 */
export function assertName(name: string): void {
  if (name.length > 0 && name.length <= LONGEST_NAME && !/[\u0000-\u001f\u007f]/.test(name)) return;
  throw new TypeError(`"${excerpt(name, 64)}" is no name for an image`);
}

/** Give a manifest a name, and with an origin the data of the cache. */
export async function tag(
  { root, lock, clock, store }: LayoutContext,
  name: string,
  descriptor: Descriptor,
  origin?: CacheOrigin,
): Promise<void> {
  assertName(name);
  const manifest = await readManifest(store, descriptor.digest);
  if (manifest === undefined) throw notFound(root.directory, `manifest ${descriptor.digest}`);
  const { mediaType, digest, platform, artifactType, annotations = {} } = descriptor;
  const kept = Object.entries(annotations).filter(([key]) => !isCacheAnnotation(key));
  const record = origin && {
    sourceImage: origin.sourceImage,
    manifest: root.blobName(digest),
    config: manifest.kind === "image" ? manifest.config.digest : undefined,
    layers: await layersOf(store, manifest, descriptor),
    cachedAt: origin.cachedAt ?? Math.floor(clock.now() / 1000),
  };
  const entry: Descriptor = {
    ...{ mediaType, digest, size: manifest.raw.length },
    ...(platform && { platform }),
    ...(artifactType && { artifactType }),
    annotations: { ...Object.fromEntries(kept), ...(record && cacheAnnotations(record)) },
  };
  await lock(async () => await writeIndex(root, withEntry(await readIndex(root), entry, name)));
}

/** Remove a name. */
export async function untag({ root, lock }: LayoutContext, name: string): Promise<boolean> {
  return await lock(async () => {
    const index = await readIndex(root);
    const found = findEntry(index.lines.map(({ entry }) => entry), name);
    if (found === undefined) return false;
    await writeIndex(root, withoutEntries(index, (entry) => entry.name === found.name));
    return true;
  });
}

/** Layers of an image from the base upwards; of the images of an index that are there, each once. */
async function layersOf(
  store: BlobStore,
  manifest: Manifest,
  descriptor: Descriptor,
): Promise<readonly Digest[]> {
  if (manifest.kind === "image") return manifest.layers.map(({ digest }) => digest);
  const layers = new Set<Digest>();
  await walkManifests(store, [descriptor], ({ manifest }) => {
    if (manifest?.kind === "image") {
      for (const { digest } of manifest.layers) layers.add(digest);
    }
  });
  return [...layers];
}
