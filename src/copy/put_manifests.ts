import { blobsOf, inParallel } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { PlacedManifest } from "./companions.ts";
import { moveBlob } from "./move_blob.ts";
import type { TreeReader } from "./read_tree.ts";
import type { CopyRun } from "./run.ts";

/** Manifests that are written at once, where none lists another. */
const WRITES = 4;

/**
 * Write manifests: images at once, then indexes and what refers to them, in their order. What the
 * destination turns out to lack is pushed again, once for each manifest.
 */
export async function putManifests(
  run: CopyRun,
  reader: TreeReader,
  placed: readonly PlacedManifest[],
  signal: AbortSignal,
): Promise<void> {
  const isEarly = ({ manifest, place }: PlacedManifest): boolean =>
    place.role === "child" && manifest.manifest.kind === "image";
  const healed = new Set<Digest>();
  const put = (one: PlacedManifest, signal: AbortSignal): Promise<void> =>
    putOne(run, reader, one, healed, signal);
  await inParallel(placed.filter(isEarly), WRITES, signal, (one, _, signal) => put(one, signal));
  for (const one of placed) if (!isEarly(one)) await put(one, signal);
}

async function putOne(
  run: CopyRun,
  reader: TreeReader,
  { manifest, place }: PlacedManifest,
  healed: Set<Digest>,
  signal: AbortSignal,
): Promise<void> {
  const { destination, tell, totals } = run;
  const { digest, mediaType, size } = manifest;
  let tags: readonly string[];
  try {
    tags = await destination.putManifest(manifest, place, { signal });
  } catch (error) {
    if (!isTidegateError(error, "MANIFEST_BLOB_UNKNOWN") || healed.has(digest)) throw error;
    healed.add(digest);
    await heal(run, reader, { manifest, place }, error.details.digests, healed, signal);
    tags = await destination.putManifest(manifest, place, { signal });
  }
  totals.manifests++;
  tell({ type: "manifest", digest, mediaType, size, outcome: "copied", tags: [...tags] });
}

/**
 * The destination has told of parts that it does not have: a cache that was filled by halves, or a
 * garbage collection at the wrong moment. What it says that it has is not believed this time.
 *
 * @param named What it says that it lacks; none for all.
 */
async function heal(
  run: CopyRun,
  reader: TreeReader,
  { manifest }: PlacedManifest,
  named: readonly string[],
  healed: Set<Digest>,
  signal: AbortSignal,
): Promise<void> {
  const { manifest: document } = manifest;
  const listed: readonly Descriptor[] = document.kind === "index"
    ? document.manifests
    : blobsOf([manifest]);
  const missing = listed.filter(({ digest }) => named.includes(digest));
  const parts = missing.length > 0 ? missing : listed;
  run.tell({
    type: "copy.healing",
    digest: manifest.digest,
    missing: parts.map(({ digest }) => digest),
  });
  if (document.kind === "image") {
    const count = parts.length;
    await inParallel(parts, count, signal, async (descriptor, index, signal) => {
      await moveBlob(run, { descriptor, index, count }, signal, true);
    });
    return;
  }
  for (const entry of parts) {
    const child = await reader.manifest(entry);
    await putOne(run, reader, { manifest: child, place: { role: "child" } }, healed, signal);
  }
}
