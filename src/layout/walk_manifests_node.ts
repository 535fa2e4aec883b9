import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { type BlobStore, readManifest } from "./image_reader_node.ts";
import { childrenOf, isManifest } from "./manifest_tree.ts";

/** One descriptor that is reached from a root. */
export interface Reached {
  readonly descriptor: Descriptor;
  /** Its document, where it is a manifest that is there. */
  readonly manifest: Manifest | undefined;
}

/**
 * Visit everything below some roots, each digest once, parents before children: manifests, configs
 * and layers. A manifest that is not there is visited without its document.
 *
 * @param seen Digests that are not visited again; what is visited is added.
 * @throws {TidegateError} As `readManifest` does.
 */
export async function walkManifests(
  store: BlobStore,
  roots: readonly Descriptor[],
  visit: (reached: Reached) => void,
  seen: Set<Digest> = new Set<Digest>(),
): Promise<void> {
  const queue = [...roots];
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    const manifest = isManifest(next) ? await readManifest(store, next.digest) : undefined;
    visit({ descriptor: next, manifest });
    if (manifest !== undefined) queue.push(...childrenOf(manifest).toReversed());
  }
}
