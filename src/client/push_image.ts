import { type Descriptor, isForeignLayer } from "../manifest/mod.ts";
import { type Digest, type Reference } from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import type { BlobSlice, BlobSource } from "./blob_source.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { MAX_INDEX_DEPTH, tooDeep } from "./get_manifest.ts";
import type { ImageSource } from "./image_source.ts";
import { blobsOf, MAX_MANIFESTS, MAX_TREE_BYTES, tooMany } from "./image_tree.ts";
import { inParallel } from "./parallel.ts";
import { pushBlob, type PushedBlob } from "./push_blob.ts";
import { type PushedManifest, putPrepared, tagsOf } from "./put_manifest.ts";
import { type PreparedManifest, prepareManifest } from "./send_manifest.ts";

/** How far a blob of an image is. */
export interface PushProgress {
  readonly descriptor: Descriptor;
  /** Its place among the image's blobs, from 0; the config comes first. */
  readonly index: number;
  /** How many blobs the image has. */
  readonly count: number;
  /** `skipped`: the registry had it or mounted it, or it is a foreign layer. */
  readonly state: "started" | "transferring" | "done" | "skipped";
  /** Bytes handed to the registry so far. */
  readonly transferredBytes: number;
}

/** How an image is pushed. */
export interface PushImageOptions extends CallOptions {
  /** Tags to set beside the reference's own. */
  readonly tags?: readonly string[] | undefined;
  /** Blobs at a time. Default is 4. */
  readonly concurrency?: number | undefined;
  /** Told of every step. Must not throw. */
  readonly onProgress?: ((progress: PushProgress) => void) | undefined;
}

/** What was pushed. */
export interface PushedImage {
  /** The image's manifest or index. */
  readonly root: PushedManifest;
  /** Blobs whose bytes were sent. */
  readonly uploaded: number;
  /** Blobs that the registry took from another repository. */
  readonly mounted: number;
  /** Blobs that the repository had, and foreign layers, which are not pushed. */
  readonly skipped: number;
}

const CONCURRENCY = 4; // uploads are bound by our own line; more of them only fill its buffers

/**
 * Push an image out of a source: blobs, then manifests, each after all that it lists.
 *
 * Every blob is sent once however often it is listed, and not at all where the registry has it or
 * can mount it. A manifest goes up only when all its blobs are known to be there, so a tag never
 * points to half an image. The first failure aborts the rest and is thrown when all have ended; what
 * was pushed by then stays, and is found there by the next try.
 *
 * @param ref Where to: by tag, or by the root's digest.
 * @throws {TidegateError} DIGEST_MISMATCH and BLOB_SIZE_MISMATCH for a source whose manifests are
 * not what they are listed as; LIMIT_EXCEEDED, AMBIGUOUS_MANIFEST; what `blobs.put` and
 * `manifests.put` throw.
 * @throws {TypeError} If `concurrency` is less than 1.
 */
export async function pushImage(
  context: ClientContext,
  ref: Reference,
  source: ImageSource,
  options: PushImageOptions = {},
): Promise<PushedImage> {
  const { concurrency = CONCURRENCY, signal } = options;
  if (!(concurrency >= 1)) throw new TypeError("concurrency must be 1 or more");
  const tags = tagsOf(ref, options.tags);
  const job: PushJob = { context, ref, source, options };
  const manifests = await readTree(job);
  const blobs = blobsOf(manifests);
  const counts = { uploaded: 0, mounted: 0, exists: 0 };
  await inParallel(blobs, concurrency, signal, async (descriptor, index, signal) => {
    const outcome = await pushOne(job, { descriptor, index, count: blobs.length }, signal);
    counts[outcome]++;
  });
  const { exists: skipped, uploaded, mounted } = counts;
  return { root: await putAll(job, manifests, tags), uploaded, mounted, skipped };
}

interface PushJob {
  readonly context: ClientContext;
  readonly ref: Reference;
  readonly source: ImageSource;
  readonly options: PushImageOptions;
}

/** All manifests of the image, children first, each once; the root is the last. */
async function readTree(job: PushJob): Promise<readonly PreparedManifest[]> {
  const { context: { settings: { limits } }, ref, source, options: { signal } } = job;
  const found = new Map<Digest, PreparedManifest>();
  let total = 0;
  const read = async (digest?: Digest, size?: number): Promise<PreparedManifest> => {
    signal?.throwIfAborted();
    const { bytes, ...told } = await source.manifest(digest);
    total += bytes.length;
    if (total > MAX_TREE_BYTES) throw tooMany("bytes of manifests", MAX_TREE_BYTES);
    const expected = { mediaType: told.mediaType, digest: digest ?? ref.digest ?? told.digest };
    const prepared = await prepareManifest(bytes, expected, limits.manifestBytes);
    if (digest !== undefined) await verifyBytes(prepared.bytes, { digest, size });
    return prepared;
  };
  const visit = async (prepared: PreparedManifest, depth: number): Promise<void> => {
    const { manifest } = prepared;
    for (const entry of manifest.kind === "index" ? manifest.manifests : []) {
      if (depth > MAX_INDEX_DEPTH) throw tooDeep();
      if (found.has(entry.digest)) continue;
      if (found.size >= MAX_MANIFESTS) throw tooMany("manifests", MAX_MANIFESTS);
      await visit(await read(entry.digest, entry.size), depth + 1);
    }
    found.set(prepared.digest, prepared);
  };
  await visit(await read(), 1);
  return [...found.values()];
}

async function pushOne(
  job: PushJob,
  place: Pick<PushProgress, "descriptor" | "index" | "count">,
  signal: AbortSignal,
): Promise<PushedBlob["outcome"]> {
  const { context, ref, source, options: { onProgress = () => {} } } = job;
  const { descriptor } = place;
  if (isForeignLayer(descriptor)) {
    onProgress({ ...place, state: "skipped", transferredBytes: 0 });
    return "exists";
  }
  onProgress({ ...place, state: "started", transferredBytes: 0 });
  const { digest, size } = descriptor;
  const { outcome } = await pushBlob(context, ref, lazySource(source, descriptor), {
    digest,
    size,
    from: source.mountFrom?.(descriptor),
    onProgress: (transferredBytes) => {
      onProgress({ ...place, state: "transferring", transferredBytes });
    },
    signal,
  });
  const state = outcome === "uploaded" ? "done" : "skipped";
  onProgress({ ...place, state, transferredBytes: outcome === "uploaded" ? size : 0 });
  return outcome;
}

/** Opened when its first bytes are needed: what the registry has is never opened. */
function lazySource(source: ImageSource, descriptor: Descriptor): BlobSource {
  let opened: ReturnType<ImageSource["openBlob"]> | undefined;
  return {
    size: descriptor.size,
    async slice(start, end): Promise<BlobSlice> {
      opened ??= source.openBlob(descriptor);
      const content = await opened;
      return content instanceof Uint8Array
        ? content.subarray(start, end)
        : await content.slice(start, end);
    },
  };
}

/** Children by digest, the root to its tags. */
async function putAll(
  { context, ref, options: { signal } }: PushJob,
  manifests: readonly PreparedManifest[],
  tags: readonly string[],
): Promise<PushedManifest> {
  const connection = context.connect(ref);
  const children = manifests.slice(0, -1);
  const root = manifests.at(-1) as PreparedManifest;
  for (const child of children) await putPrepared(context, connection, child, [], { signal });
  return await putPrepared(context, connection, root, tags, { signal });
}
