import { inParallel, type PulledManifest } from "../client/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import { type Digest, fallbackTag } from "../reference/mod.ts";
import type { ManifestPlace } from "./endpoint.ts";
import type { TreeReader } from "./read_tree.ts";
import type { CopyRun } from "./run.ts";

/** A manifest that is to be written, and where. */
export interface PlacedManifest {
  readonly manifest: PulledManifest;
  readonly place: ManifestPlace;
}

/** Listings that are asked for at once. */
const LISTINGS = 6;

/**
 * What refers to manifests, what refers to that, and so on, as far as the destination lacks it: each
 * after what it lists.
 *
 * @param digests What is referred to.
 */
export async function readReferrers(
  run: CopyRun,
  reader: TreeReader,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<readonly PlacedManifest[]> {
  const { destination, options: { deep, referrers } } = run;
  const placed: PlacedManifest[] = [];
  if (!referrers) return placed;
  const looked = new Set<Digest>();
  for (let level = digests; level.length > 0;) {
    for (const digest of level) looked.add(digest);
    const found = await listAll(run, level, signal);
    for (const entry of found) {
      if (reader.has(entry.digest)) continue;
      if (!deep && await destination.hasManifest(entry, { signal })) continue;
      placed.push(...await placeTree(reader, entry, { role: "referrer" }));
    }
    level = found.map(({ digest }) => digest).filter((digest) => !looked.has(digest));
  }
  return placed;
}

/** Each once. */
async function listAll(
  { options: { referrers }, source }: CopyRun,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const types = Array.isArray(referrers) ? referrers as readonly string[] : undefined;
  const found = new Map<Digest, Descriptor>();
  await inParallel(digests, LISTINGS, signal, async (digest, _, signal) => {
    for await (const entry of source.referrers?.(digest, { signal }) ?? []) {
      if (types?.includes(entry.artifactType ?? "") ?? true) found.set(entry.digest, entry);
    }
  });
  return [...found.values()];
}

/**
 * What cosign and others have tagged with the digest of an image: `sha256-….sig`. Such a tag moves
 * when a signature is added, so it is compared, not only looked for.
 */
export async function readDigestTags(
  { destination, options: { deep, digestTags }, source }: CopyRun,
  reader: TreeReader,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<readonly PlacedManifest[]> {
  const placed: PlacedManifest[] = [];
  if (!digestTags || source.tags === undefined) return placed;
  const prefixes = new Set<string>(digests.map((digest) => fallbackTag(digest)));
  for await (const tag of source.tags({ signal })) {
    if (!isDigestTag(tag, prefixes)) continue;
    const [here, there] = await Promise.all([
      source.resolve(tag, { signal }),
      destination.resolve(tag, { signal }),
    ]);
    if (here === undefined || (!deep && here.digest === there?.digest)) continue;
    placed.push(...await placeTree(reader, here, { role: "digest-tag", tag }));
  }
  return placed;
}

/** The bare digest as a tag is the list of referrers, which the registry's client keeps. */
function isDigestTag(tag: string, prefixes: ReadonlySet<string>): boolean {
  const [prefix] = tag.split(".", 1);
  return prefix !== undefined && prefix !== tag && prefixes.has(prefix);
}

async function placeTree(
  reader: TreeReader,
  entry: Descriptor,
  place: ManifestPlace,
): Promise<readonly PlacedManifest[]> {
  const root = await reader.manifest(entry);
  const { manifests } = await reader.read(root);
  return manifests.map((manifest): PlacedManifest =>
    manifest === root ? { manifest, place } : { manifest, place: { role: "child" } }
  );
}
