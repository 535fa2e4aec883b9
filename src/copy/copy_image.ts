import { blobsOf, inParallel, type PulledManifest } from "../client/mod.ts";
import { systemClock } from "../core/mod.ts";
import type { Descriptor, Platform } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { createBlobSlots, LARGE_BLOBS } from "./blob_slots.ts";
import { type PlacedManifest, readDigestTags, readReferrers } from "./companions.ts";
import type { CopyDestination, CopySource } from "./endpoint.ts";
import { moveBlob } from "./move_blob.ts";
import type { CopiedImage, CopyOptions } from "./options.ts";
import { assertSparse, choosePlatforms, selectOne, wantedPlatforms } from "./platform_subset.ts";
import { putManifests } from "./put_manifests.ts";
import { createTreeReader, type TreeReader } from "./read_tree.ts";
import { codeOf, type CopyRun, createRun, messageOf } from "./run.ts";

const MAX_WAITING = 64;

/**
 * Copy an image between registries, layouts and archives, byte for byte: every digest stays.
 *
 * Blobs first, then manifests, each after what it lists, the image's own name last: it never points
 * to half an image, or to one without the signatures that were to come along. Every digest is
 * looked for once, and not transferred where the destination has it or can mount it. What breaks
 * stays for the next try: it goes on where this one ended, in this process or another.
 *
 * @throws {TidegateError} NOT_FOUND or CACHE_NOT_FOUND for an unknown image; PLATFORM_NOT_FOUND;
 * UNSUPPORTED for several platforms to a registry; DIGEST_MISMATCH, BLOB_SIZE_MISMATCH,
 * AMBIGUOUS_MANIFEST for a source that is not what it says; MANIFEST_BLOB_UNKNOWN for a destination
 * that still lacks what was pushed again; what both ends throw.
 * @throws {TypeError} For options that are none.
 * @throws The signal's reason.
 */
export async function copyImage(
  source: CopySource,
  destination: CopyDestination,
  options: CopyOptions = {},
): Promise<CopiedImage> {
  const { clock = systemClock, concurrency = LARGE_BLOBS } = options;
  if (!(concurrency >= 1)) throw new TypeError("concurrency must be 1 or more");
  const slots = createBlobSlots(Math.min(concurrency, destination.maxBlobs ?? concurrency));
  return await runCopy(createRun(source, destination, options, { clock, slots }));
}

/** Run a copy to its end, telling of its beginning and its end. */
export async function runCopy(run: CopyRun): Promise<CopiedImage> {
  const { clock, destination, options: { signal }, source, startedAt, tell, totals } = run;
  tell({ type: "copy.started", source: source.name, destination: destination.name });
  try {
    signal?.throwIfAborted();
    const copied = await copyAll(run, signal ?? new AbortController().signal);
    await destination.close?.({ signal });
    const milliseconds = clock.now() - startedAt;
    const bytesPerSecond = Math.round(totals.transferredBytes / Math.max(milliseconds, 1) * 1000);
    const { digest, outcome } = copied;
    tell({
      type: "copy.finished",
      digest,
      outcome,
      totals: { ...totals },
      milliseconds,
      bytesPerSecond,
    });
    return { ...copied, totals: { ...totals }, milliseconds };
  } catch (error) {
    await destination.abort?.(error);
    const milliseconds = clock.now() - startedAt;
    tell({
      type: "copy.failed",
      code: codeOf(error, signal),
      message: messageOf(error),
      milliseconds,
    });
    throw error;
  }
}

type Copied = Pick<CopiedImage, "digest" | "mediaType" | "outcome">;

async function copyAll(run: CopyRun, signal: AbortSignal): Promise<Copied> {
  const { destination, options } = run;
  const reader = createTreeReader(run, signal);
  const read = run.target.isNew ? await reader.named() : undefined; // it will be needed
  const { one, platforms, root: named, there } = await findEnds(run, reader, signal, read);
  if (await isUnchanged(run, named, there, signal)) return unchanged(run, named);
  const root = one ?? await reader.manifest(named);
  const isSubset = platforms !== undefined && root.manifest.kind === "index";
  if (isSubset) assertSparse(destination, options);
  return await copyTree(run, reader, root, { there, signal, ...(isSubset && { platforms }) });
}

/**
 * What would be copied, and whether it is there, without copying. Of referrers it says nothing.
 * @throws What {@linkcode copyImage} throws before it reads the image.
 */
export async function compareImages(
  run: CopyRun,
  signal: AbortSignal,
): Promise<{ readonly digest: Digest; readonly isUnchanged: boolean }> {
  const { root, there } = await findEnds(run, createTreeReader(run, signal), signal);
  return { digest: root.digest, isUnchanged: root.digest === there?.digest };
}

interface Ends {
  readonly root: Descriptor;
  /** The root, where it had to be read to find it. */
  readonly one?: PulledManifest | undefined;
  /** What the destination's name points to. */
  readonly there: Descriptor | undefined;
  /** Those of an index that are wanted, if not all. */
  readonly platforms?: readonly Platform[];
}

/** @param read What the source's name points to, where it was read. */
async function findEnds(
  run: CopyRun,
  reader: TreeReader,
  signal: AbortSignal,
  read?: PulledManifest,
): Promise<Ends> {
  const { options, source } = run;
  const platforms = wantedPlatforms(options);
  const [root, there] = await Promise.all([
    read ? describe(read) : source.root({ signal }),
    lookThere(run, signal),
  ]);
  const [only, ...others] = platforms ?? [];
  if (platforms === undefined || only === undefined) return { root, one: read, there };
  if (others.length > 0) return { root, one: read, there, platforms };
  const one = await selectOne(reader, read ?? await reader.manifest(root), only);
  return { root: describe(one), one, there };
}

/** What the destination's name points to, unless that is known. */
async function lookThere(
  { destination, target: { isNew, looked } }: CopyRun,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  if (isNew) return undefined;
  return looked ? looked.there : await destination.resolve(undefined, { signal });
}

function describe({ digest, mediaType, size }: PulledManifest): Descriptor {
  return { digest, mediaType, size };
}

/** Whether nothing needs to be looked at: what a name points to was whole when it was named. */
async function isUnchanged(
  { destination, options: { deep, digestTags, platforms, referrers, tags = [] } }: CopyRun,
  root: Pick<Descriptor, "digest" | "mediaType" | "size">,
  there: Descriptor | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const wantsMore = deep || digestTags || referrers || tags.length > 0;
  if (there?.digest !== root.digest || wantsMore) return false;
  if (!destination.acceptsSparse) return true;
  // an index may be there for other platforms than are wanted now
  return (platforms?.length ?? 0) < 2 && await destination.hasManifest(root, { signal });
}

function unchanged(
  { tell }: CopyRun,
  { digest, mediaType, size }: Pick<Descriptor, "digest" | "mediaType" | "size">,
): Copied {
  tell({ type: "manifest", digest, mediaType, size, outcome: "exists", tags: [] });
  return { digest, mediaType, outcome: "unchanged" };
}

interface TreeCopy {
  readonly there: Descriptor | undefined;
  readonly platforms?: readonly Platform[] | undefined;
  readonly signal: AbortSignal;
}

async function copyTree(
  run: CopyRun,
  reader: TreeReader,
  root: PulledManifest,
  { platforms, signal, there }: TreeCopy,
): Promise<Copied> {
  const { digest, mediaType } = root;
  const isLikely = there !== undefined || run.destination.expects?.(root) === true;
  const isThere = isLikely && !platforms && await hasRoot(run, root, signal);
  const choose = platforms && choosePlatforms(platforms);
  const tree = isThere ? undefined : await reader.read(root, choose);
  const digests = tree?.digests ?? [digest];
  const companions = [
    ...await readReferrers(run, reader, digests, signal),
    ...await readDigestTags(run, reader, digests, signal),
  ];
  const children = (tree?.manifests ?? []).slice(0, -1);
  const named = placeRoot(run, root, there);
  const placed: PlacedManifest[] = [
    ...children.map((manifest) => ({ manifest, place: { role: "child" } as const })),
    ...companions,
    ...named,
  ];
  for (const { digest, mediaType, size } of tree?.present ?? []) {
    run.tell({ type: "manifest", digest, mediaType, size, outcome: "exists", tags: [] });
  }
  if (placed.length === 0) return unchanged(run, root);
  await moveBlobs(run, isThere ? companions : placed, digest, signal);
  await putManifests(run, reader, placed, signal);
  return { digest, mediaType, outcome: "copied" };
}

/** The root needs no writing where its name points to it already. */
function placeRoot(
  { options: { deep, tags = [] }, source: { name: source } }: CopyRun,
  manifest: PulledManifest,
  there: Descriptor | undefined,
): readonly PlacedManifest[] {
  if (there?.digest === manifest.digest && !deep && tags.length === 0) return [];
  return [{ manifest, place: { role: "root", tags, source } }];
}

/** Under another name; asked only where the repository is known to have images. */
async function hasRoot(
  { destination, options: { deep, digestTags, referrers } }: CopyRun,
  root: PulledManifest,
  signal: AbortSignal,
): Promise<boolean> {
  // what its parts are referred to by is found by reading them
  const wantsParts = (referrers || digestTags) && root.manifest.kind === "index";
  return !deep && !wantsParts && await destination.hasManifest(root, { signal });
}

async function moveBlobs(
  run: CopyRun,
  placed: readonly PlacedManifest[],
  digest: string,
  signal: AbortSignal,
): Promise<void> {
  const blobs = blobsOf(placed.map(({ manifest }) => manifest));
  const count = blobs.length;
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  run.tell({ type: "copy.planned", digest, manifests: placed.length, blobs: count, bytes });
  // slots bound how many move; this, how many wait for one
  await inParallel(blobs, MAX_WAITING, signal, async (descriptor, index, signal) => {
    await moveBlob(run, { descriptor, index, count }, signal);
  });
}
