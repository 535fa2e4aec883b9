import {
  inParallel,
  MAX_INDEX_DEPTH,
  MAX_MANIFESTS,
  MAX_TREE_BYTES,
  type PulledManifest,
  tooDeep,
  tooMany,
} from "../client/mod.ts";
import { excerpt, TidegateError } from "../core/mod.ts";
import { type Descriptor, isImageMediaType, isIndexMediaType } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { CopyRun } from "./run.ts";

/** The manifests of an image, as far as they are to be copied. */
export interface ManifestTree {
  /** To be written: each once, and after all that it lists. */
  readonly manifests: readonly PulledManifest[];
  /** All digests of the image, those included that are at the destination. */
  readonly digests: readonly Digest[];
  /** Entries that are at the destination with all that they list. */
  readonly present: readonly Descriptor[];
}

/** Reads trees, each manifest once. Counts what it holds, over all trees. */
export interface TreeReader {
  /**
   * Read what is below a manifest, and it.
   *
   * @param choose Entries of an index that are wanted. Default is all.
   * @throws {TidegateError} What the source throws; AMBIGUOUS_MANIFEST or BLOB_SIZE_MISMATCH for one
   * that is not what its index says; LIMIT_EXCEEDED.
   */
  read(root: PulledManifest, choose?: ChooseEntries): Promise<ManifestTree>;
  /** Read one. */
  manifest(descriptor: Descriptor): Promise<PulledManifest>;
  /** Read what the image's name points to: see the source. */
  named(): Promise<PulledManifest | undefined>;
  /** Whether it was read, or found at the destination. */
  has(digest: Digest): boolean;
}

/** Picks from the entries of an index. */
export type ChooseEntries = (entries: readonly Descriptor[]) => readonly Descriptor[];

/** Manifests that are asked for at once: they are small, and each is a round trip. */
const READS = 6;

/** Make one for a copy. */
export function createTreeReader(run: CopyRun, signal: AbortSignal): TreeReader {
  const { destination, options, source, target } = run;
  const seen = new Set<Digest>();
  let bytes = 0;

  const manifest = async (descriptor: Descriptor): Promise<PulledManifest> => {
    if (seen.size >= MAX_MANIFESTS) throw tooMany("manifests", MAX_MANIFESTS);
    return counted(await source.manifest(descriptor, { signal }));
  };

  const counted = (pulled: PulledManifest): PulledManifest => {
    bytes += pulled.size;
    if (bytes > MAX_TREE_BYTES) throw tooMany("bytes of manifests", MAX_TREE_BYTES);
    return pulled;
  };

  const named = async (): Promise<PulledManifest | undefined> => {
    const pulled = await source.named?.({ signal });
    return pulled && counted(pulled);
  };

  /** Indexes are read even if they are there where what refers to their entries is wanted. */
  const isPresent = async (entry: Descriptor): Promise<boolean> => {
    const wantsMore = options.referrers || options.digestTags;
    if (options.deep || (wantsMore && isIndexMediaType(entry.mediaType))) return false;
    if (target.isNew && !destination.expects?.(entry)) return false;
    return await destination.hasManifest(entry, { signal });
  };

  /** Those that nobody has read yet, at once; undefined for what is at the destination. */
  const load = async (
    entries: readonly Descriptor[],
  ): Promise<ReadonlyMap<Digest, PulledManifest | undefined>> => {
    const wanted = new Map(entries.map((entry) => [entry.digest, entry]));
    const fresh = [...wanted.values()].filter(({ digest }) => !seen.has(digest));
    const loaded = new Map<Digest, PulledManifest | undefined>();
    await inParallel(fresh, READS, signal, async (entry) => {
      const isThere = await isPresent(entry);
      const pulled = isThere ? undefined : assertListed(await manifest(entry), entry);
      loaded.set(entry.digest, pulled);
    });
    return loaded;
  };

  const read: TreeReader["read"] = async (root, choose = (entries) => entries) => {
    const manifests: PulledManifest[] = [];
    const digests: Digest[] = [];
    const present: Descriptor[] = [];
    const visit = async (pulled: PulledManifest, depth: number): Promise<void> => {
      seen.add(pulled.digest);
      const { manifest: document } = pulled;
      const entries = document.kind === "index" ? choose(document.manifests) : [];
      if (entries.length > 0 && depth > MAX_INDEX_DEPTH) throw tooDeep();
      const loaded = await load(entries);
      for (const entry of entries) {
        const { digest } = entry;
        const child = loaded.get(digest);
        if (seen.has(digest)) continue;
        if (child !== undefined) await visit(child, depth + 1);
        else {
          seen.add(digest);
          digests.push(digest);
          present.push(entry);
        }
      }
      digests.push(pulled.digest);
      manifests.push(pulled);
    };
    await visit(root, 1);
    return { manifests, digests, present };
  };

  return { read, manifest, named, has: (digest) => seen.has(digest) };
}

/** A manifest must be what its index says, in length and kind: else it has two readings. */
function assertListed(pulled: PulledManifest, entry: Descriptor): PulledManifest {
  const { digest, mediaType, size } = entry;
  if (pulled.size !== size) {
    const message = `Manifest ${digest} has ${pulled.size} bytes where its index says ${size}`;
    const details = { expected: size, actual: pulled.size };
    throw new TidegateError("BLOB_SIZE_MISMATCH", message, details);
  }
  const { kind } = pulled.manifest;
  const told = isIndexMediaType(mediaType) ? "index" : isImageMediaType(mediaType) ? "image" : kind;
  if (told === kind) return pulled;
  const reason = `is listed as ${told}, but shaped as ${kind}`;
  throw new TidegateError("AMBIGUOUS_MANIFEST", `Manifest is ambiguous: ${digest} ${reason}`, {
    input: excerpt(digest),
    reason,
  });
}
