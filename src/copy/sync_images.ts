import { inParallel } from "../client/mod.ts";
import { type Clock, isTidegateError, systemClock } from "../core/mod.ts";
import { type BlobSlots, createBlobSlots, LARGE_BLOBS } from "./blob_slots.ts";
import { compareImages, runCopy } from "./copy_image.ts";
import type { SyncImage, SyncTotals } from "./event.ts";
import { type ImagePair, listPairs, type RuleListing } from "./list_pairs.ts";
import { createQuietTimes, type QuietTimes } from "./quiet_times.ts";
import { createRun, messageOf } from "./run.ts";
import { createSeenBlobs, type SeenBlobs } from "./seen_blobs.ts";
import { findDeleting, findDoomed } from "./sync_deletes.ts";
import type { SyncOptions, SyncPlaces, SyncReport } from "./sync_options.ts";
import { readPlan, type ReadRule } from "./sync_ends.ts";
import type { SyncPlan } from "./sync_plan.ts";

const IMAGES = 8; // small images wait for requests, not for bytes
const LISTS = 4; // lists of tags are few and long; each page is a round trip
const WAIT_MS: number = 5 * 60_000;

/**
 * Keep sets of images in step: list, choose, compare by one HEAD on each side, and copy what differs.
 *
 * One image's failure is reported and does not end the others. Where a registry's limit is reached,
 * all of its images wait for the end of the window, if that is near. Tags are deleted only where a
 * rule says so, in no repository of which anything failed, or whose source has none left, and none
 * that any rule of the plan copies.
 *
 * @param places Finds what the rules name: {@linkcode registryPlaces} for registries.
 * @returns What became of every image, in no order.
 * @throws {TidegateError} CONFIGURATION for a rule that makes no sense, before any request.
 * @throws With `failFast` the first failure; the signal's reason.
 * @throws {TypeError} For options that are none.
 */
export async function syncImages(
  plan: SyncPlan,
  places: SyncPlaces,
  options: SyncOptions = {},
): Promise<SyncReport> {
  const { clock = systemClock, concurrency = LARGE_BLOBS, images = IMAGES, waitMs = WAIT_MS } =
    options;
  if (!(concurrency >= 1 && images >= 1)) {
    throw new TypeError("images and concurrency must be 1 or more");
  }
  const rules = readPlan(plan, places);
  const { dryRun: isDryRun = false, onEvent = () => {}, signal } = options;
  const startedAt = clock.now();
  const done: SyncImage[] = [];
  const quiet = createQuietTimes(clock, waitMs, onEvent);
  const job: SyncJob = {
    options,
    clock,
    slots: createBlobSlots(concurrency),
    seen: createSeenBlobs(),
    quiet,
    broken: [],
    report(facts): void {
      const image: SyncImage = { type: "sync.image", at: clock.now(), ...facts };
      done.push(image);
      onEvent(image);
    },
  };
  onEvent({ type: "sync.started", at: startedAt, rules: rules.length, isDryRun });
  const listings = await listAll(job, rules, signal);
  const pairs = listings.flatMap((listing) => listing.pairs);
  await inParallel(pairs, images, signal, (pair, _, signal) => syncOne(job, pair, signal));
  const targets = new Set(done.filter(({ outcome }) => outcome === "failed").map(repositoryOf));
  for (const listing of findDeleting(listings, { rules: job.broken, targets })) {
    await deleteOld(job, listing, signal);
  }
  const counts = countOutcomes(done);
  const milliseconds = clock.now() - startedAt;
  onEvent({ type: "sync.finished", at: clock.now(), ...counts, milliseconds });
  return { images: done, ...counts, milliseconds };
}

interface SyncJob {
  readonly options: SyncOptions;
  readonly clock: Clock;
  readonly slots: BlobSlots;
  readonly seen: SeenBlobs;
  readonly quiet: QuietTimes;
  /** Rules that could not be listed whole. */
  readonly broken: ReadRule[];
  readonly report: (facts: Omit<SyncImage, "type" | "at">) => void;
}

/** In the order of the rules, however many are listed at once. */
async function listAll(
  job: SyncJob,
  rules: readonly ReadRule[],
  signal: AbortSignal | undefined,
): Promise<readonly RuleListing[]> {
  const listings = new Map<number, readonly RuleListing[]>();
  await inParallel(rules, LISTS, signal, async (rule, index, signal) => {
    listings.set(index, await listRule(job, rule, signal));
  });
  return rules.flatMap((_, index) => listings.get(index) ?? []);
}

/** A repository that cannot be listed is one failure; what was listed before it counts. */
async function listRule(
  job: SyncJob,
  rule: ReadRule,
  signal: AbortSignal,
): Promise<readonly RuleListing[]> {
  const { clock, options: { onEvent = () => {} } } = job;
  const listings: RuleListing[] = [];
  const { from: source, to: destination } = rule.rule;
  try {
    for await (const listing of listPairs(rule, { signal })) {
      listings.push(listing);
      const { repository, target, total, pairs } = listing;
      onEvent({
        type: "sync.listed",
        at: clock.now(),
        source: repository,
        destination: target,
        tags: total,
        chosen: pairs.length,
      });
    }
  } catch (error) {
    job.broken.push(rule);
    fail(job, { source, destination }, error, signal);
  } finally {
    await Promise.all(listings.map(({ pairs }) => pairs[0]?.target)); // nothing is left running
  }
  return listings;
}

async function syncOne(job: SyncJob, pair: ImagePair, signal: AbortSignal): Promise<void> {
  const { quiet, report } = job;
  const { destination, source } = pair;
  const names = { source: source.name, destination: destination.name };
  try {
    const { digest, outcome, transferredBytes } = await quiet.run(
      pair.registry,
      names.source,
      signal,
      () => copyPair(job, pair, signal),
    );
    report({ ...names, outcome, digest, transferredBytes });
  } catch (error) {
    fail(job, names, error, signal);
  }
}

type Synced = Required<Pick<SyncImage, "digest" | "outcome" | "transferredBytes">>;

async function copyPair(
  { clock, options: { dryRun, onEvent }, seen, slots }: SyncJob,
  { destination, rule, source, target }: ImagePair,
  signal: AbortSignal,
): Promise<Synced> {
  const { digestTags, platforms, referrers } = rule;
  const run = createRun(
    source,
    destination,
    { digestTags, platforms, referrers, onEvent, signal },
    { clock, slots, seen, target: await target },
  );
  if (dryRun) {
    const { digest, isUnchanged } = await compareImages(run, signal);
    return { digest, outcome: isUnchanged ? "unchanged" : "planned", transferredBytes: 0 };
  }
  const { digest, outcome, totals: { transferredBytes } } = await runCopy(run);
  return { digest, outcome, transferredBytes };
}

/** @throws What ends the whole sync: an abort, or with `failFast` anything. */
function fail(
  { options: { failFast }, report }: SyncJob,
  names: Pick<SyncImage, "source" | "destination">,
  error: unknown,
  signal: AbortSignal | undefined,
): void {
  if (signal?.aborted) throw error;
  const code = isTidegateError(error) ? error.code : "UNKNOWN";
  report({ ...names, outcome: "failed", transferredBytes: 0, code, message: messageOf(error) });
  if (failFast) throw error;
}

async function deleteOld(
  job: SyncJob,
  listing: RuleListing,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { options: { dryRun }, report } = job;
  const { destination, target } = listing;
  const names = { source: listing.repository, destination: target };
  try {
    for (const tag of await findDoomed(listing, { signal })) {
      if (!dryRun) await destination.deleteTag(listing.targetRepository, tag, { signal });
      const outcome = dryRun ? "doomed" : "deleted";
      report({ ...names, destination: `${target}:${tag}`, outcome, transferredBytes: 0 });
    }
  } catch (error) {
    fail(job, names, error, signal);
  }
}

function repositoryOf({ destination }: SyncImage): string {
  return destination.replace(/[:@][^/]*$/s, "");
}

function countOutcomes(images: readonly SyncImage[]): Omit<SyncTotals, "milliseconds"> {
  const count = (outcome: SyncImage["outcome"]): number =>
    images.filter((image) => image.outcome === outcome).length;
  return {
    copied: count("copied"),
    unchanged: count("unchanged"),
    deleted: count("deleted"),
    failed: count("failed"),
    transferredBytes: images.reduce((sum, image) => sum + image.transferredBytes, 0),
  };
}
