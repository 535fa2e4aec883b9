import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { isTidegateError } from "../core/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { type Descriptor, isForeignLayer } from "../manifest/mod.ts";
import { type Digest, digestAlgorithm, formatDigest } from "../reference/mod.ts";
import { findBlobFolder, listBlobs } from "./blob_files_node.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import { hashFile } from "./hash_file_node.ts";
import { type BlobStore, readManifest } from "./image_reader_node.ts";
import type { CorruptBlob, VerifyLayoutOptions, VerifyReport } from "./layout.ts";
import { childrenOf, isManifest } from "./manifest_tree.ts";
import { partialName } from "./partial_node.ts";
import { type LayoutRoot, PRIVATE } from "./root_node.ts";

import type { LayoutContext } from "./layout_context_node.ts";

/** Hash every blob of a layout, and list what is missing. */
export async function verifyLayout(
  { root, store }: LayoutContext,
  { quarantine: moves = false, signal, onBlob }: VerifyLayoutOptions,
): Promise<VerifyReport> {
  const corrupt: CorruptBlob[] = [];
  let [blobs, bytes] = [0, 0];
  for (const digest of await listBlobs(root)) {
    signal?.throwIfAborted();
    const path = root.path(root.blobName(digest));
    const { size, reason } = await onDisk(path, () => checkBlob(root, digest, signal));
    blobs++;
    bytes += size;
    onBlob?.({ digest, size });
    if (reason === undefined) continue;
    const moved = moves ? await quarantine(root, digest) : undefined;
    corrupt.push({ digest, path: moved ?? path, reason });
  }
  const wrong = new Set(corrupt.map(({ digest }) => digest));
  return { blobs, bytes, corrupt, missing: await findMissing(store, wrong) };
}

/** Move a blob out of the way of readers. */
export async function quarantine(root: LayoutRoot, digest: Digest): Promise<string | undefined> {
  const name = root.blobName(digest);
  if (await findBlobFolder(root, digestAlgorithm(digest)) === undefined) return undefined;
  const folder = await root.folder(PRIVATE, "quarantine");
  const to = join(folder, partialName({ digest }));
  return await onDisk(to, () =>
    ifThere(async () => {
      await rename(root.path(name), to);
      return to;
    }));
}

interface Checked {
  readonly size: number;
  /** What is wrong with it. */
  readonly reason: string | undefined;
}

async function checkBlob(
  root: LayoutRoot,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Checked> {
  try {
    const found = await root.find(root.blobName(digest));
    if (found === undefined) return { size: 0, reason: undefined }; // collected meanwhile
    return { size: found.size, reason: await faultOf(found, digest, signal) };
  } catch (error) {
    if (!isTidegateError(error, "CACHE_INVALID")) throw error;
    return { size: 0, reason: error.details.reason };
  }
}

async function faultOf(
  { path, size }: { readonly path: string; readonly size: number },
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const file = await open(path);
  const hasher = createHasher(digestAlgorithm(digest));
  try {
    await hashFile(file, size, hasher, { signal });
    const computed = formatDigest(hasher.algorithm, await hasher.digest());
    return computed === digest ? undefined : `its digest is ${computed}`;
  } finally {
    await file.close();
  }
}

/** A document that is no manifest is what its digest says all the same. */
function ignoreTyped(error: unknown): undefined {
  if (!isTidegateError(error) || error.code === "CACHE_IO") throw error;
}

/** What should be there: entries, and what the images that they lead to consist of. */
async function findMissing(
  store: BlobStore,
  corrupt: ReadonlySet<Digest>,
): Promise<readonly Descriptor[]> {
  const missing: Descriptor[] = [];
  const seen = new Set<Digest>();
  const entries = (await store.index()).lines.map(({ entry }) => entry.descriptor);
  const queue = entries.map((descriptor) => ({ descriptor, isNeeded: true }));
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { descriptor, isNeeded } = next;
    if (seen.has(descriptor.digest) || corrupt.has(descriptor.digest)) continue;
    const found = await store.locate(descriptor.digest);
    if (found === undefined && isNeeded && !isForeignLayer(descriptor)) missing.push(descriptor);
    if (found !== undefined || isNeeded) seen.add(descriptor.digest);
    if (found === undefined || !isManifest(descriptor)) continue;
    const manifest = await readManifest(store, descriptor.digest).catch(ignoreTyped);
    if (manifest === undefined) continue;
    const isImage = manifest.kind === "image";
    queue.push(...childrenOf(manifest).map((child) => ({ descriptor: child, isNeeded: isImage })));
  }
  return missing;
}
