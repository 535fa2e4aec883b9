import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../reference/mod.ts";
import { listBlobs } from "./blob_files_node.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import { type BlobStore, readManifest } from "./image_reader_node.ts";
import { readIndex, writeIndex } from "./index_file_node.ts";
import type { GcOptions, GcReport, LayoutEntry } from "./layout.ts";
import { type LayoutIndex, withoutEntries } from "./layout_index.ts";
import { isManifest } from "./manifest_tree.ts";
import { isOwnerName, livenessOf, newOwnerName } from "./owner_node.ts";
import { type LayoutRoot, PRIVATE } from "./root_node.ts";
import { oldestSession } from "./session_node.ts";
import { walkManifests } from "./walk_manifests_node.ts";
import type { LayoutContext } from "./layout_context_node.ts";

const PARTIAL_AGE_MS: number = 7 * 24 * 60 * 60_000;

interface Found {
  readonly path: string;
  readonly size: number;
}

/** Delete what no entry leads to. Holds the lock: nobody lists anything meanwhile. */
export async function collectGarbage(
  context: LayoutContext,
  { dryRun = false, partialAgeMs = PARTIAL_AGE_MS }: GcOptions,
): Promise<GcReport> {
  const { root, clock, lock } = context;
  return await lock(async () => {
    const since = await oldestSession(root, clock.now());
    const index = await readIndex(root);
    const { reachable, orphans } = await mark(context, index, since);
    if (orphans.size > 0 && !dryRun) {
      await writeIndex(root, withoutEntries(index, (entry) => orphans.has(entry)));
    }
    const blobs = await sweepBlobs(root, reachable, since, dryRun);
    const partials = await sweepPartials(root, clock.now() - partialAgeMs, dryRun);
    const bytes = [...blobs, ...partials].reduce((sum, { size }) => sum + size, 0);
    return { blobs: blobs.length, partials: partials.length, bytes };
  });
}

interface Marked {
  readonly reachable: ReadonlySet<Digest>;
  /** Entries without a name that refer to what is gone, and that no session may have made. */
  readonly orphans: ReadonlySet<LayoutEntry>;
}

/** Referrers are listed before their subject has its name: those since the oldest session stay. */
async function mark(
  { root, store }: LayoutContext,
  { lines }: LayoutIndex,
  since: number,
): Promise<Marked> {
  const reachable = new Set<Digest>();
  const reach = ({ descriptor }: LayoutEntry): Promise<void> =>
    walkManifests(store, [descriptor], () => {}, reachable);
  const waiting = new Map<LayoutEntry, Digest>();
  for (const { entry } of lines) {
    const subject = entry.name === undefined ? await subjectOf(store, entry) : undefined;
    const canBeOrphan = subject !== undefined && await isOlder(root, entry, since);
    if (canBeOrphan) waiting.set(entry, subject);
    else await reach(entry);
  }
  for (let found = true; found;) { // referrers of referrers
    found = false;
    for (const [entry, subject] of waiting) {
      if (!reachable.has(subject)) continue;
      waiting.delete(entry);
      await reach(entry);
      found = true;
    }
  }
  return { reachable, orphans: new Set(waiting.keys()) };
}

async function isOlder(
  root: LayoutRoot,
  { descriptor }: LayoutEntry,
  since: number,
): Promise<boolean> {
  const found = await root.find(root.blobName(descriptor.digest));
  return found === undefined || found.modifiedMs < since;
}

async function subjectOf(
  store: BlobStore,
  { descriptor }: LayoutEntry,
): Promise<Digest | undefined> {
  if (!isManifest(descriptor)) return undefined;
  return (await readManifest(store, descriptor.digest))?.subject?.digest;
}

async function sweepBlobs(
  root: LayoutRoot,
  reachable: ReadonlySet<Digest>,
  since: number,
  dryRun: boolean,
): Promise<Found[]> {
  const swept: Found[] = [];
  for (const digest of await listBlobs(root)) {
    if (reachable.has(digest)) continue;
    const path = root.path(root.blobName(digest));
    const found = await ifThere(() => lstat(path));
    if (found === undefined || found.mtimeMs >= since) continue;
    if (dryRun || await removeOlder(root, path, since)) swept.push({ path, size: found.size });
  }
  return swept;
}

/**
 * Take it away, then look again: a process that has found it meanwhile has set its time, and gets it
 * back. One that looks for it while it is away pulls it again.
 */
async function removeOlder(root: LayoutRoot, path: string, since: number): Promise<boolean> {
  const away = join(await root.folder(PRIVATE, "trash"), newOwnerName());
  return await onDisk(path, async () => {
    await rename(path, away);
    const isOld = (await lstat(away)).mtimeMs < since;
    await (isOld ? rm(away, { force: true }) : rename(away, path));
    return isOld;
  });
}

/** Unfinished blobs, what was moved away, and what crashed processes left. */
async function sweepPartials(
  root: LayoutRoot,
  before: number,
  dryRun: boolean,
): Promise<Found[]> {
  const swept: Found[] = [];
  for (const part of ["partial", "trash", "quarantine"]) {
    const folder = await root.folder(PRIVATE, part);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const found = await ifThere(() => lstat(path));
      if (found === undefined || isNeeded(part, name, found.mtimeMs < before)) continue;
      if (!dryRun) await rm(path, { force: true });
      swept.push({ path, size: found.size });
    }
  }
  return swept;
}

/** `sha256-…` is free, `sha256-….OWNER` is held, `file.OWNER` cannot be continued. */
function isNeeded(part: string, name: string, isOld: boolean): boolean {
  if (part === "quarantine") return false;
  const owner = name.split(".").slice(-4).join(".");
  const liveness = isOwnerName(owner) ? livenessOf(owner) : "gone";
  if (liveness === "running") return true;
  const canContinue = part === "partial" && !name.startsWith("file.");
  return liveness === "unknown" || canContinue ? !isOld : false;
}
