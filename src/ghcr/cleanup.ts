import type { ManifestOperations } from "../client/mod.ts";
import {
  type AnyTidegateError,
  type Clock,
  type ErrorCode,
  isTidegateError,
  TidegateError,
} from "../core/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";
import type { ApiCallOptions } from "./api.ts";
import { type CleanupEntry, type CleanupPlan, openNeed, planCleanup } from "./cleanup_plan.ts";
import { type CleanupNode, type CleanupPolicy, resolvePolicy } from "./cleanup_policy.ts";
import type { ImageContext } from "./delete_image.ts";
import type { PackageOwner } from "./owner.ts";
import type { PackageVersion } from "./package.ts";
import { forEachOf } from "./for_each_of.ts";

/** How a package is cleaned up. */
export interface CleanupOptions extends CleanupPolicy, ApiCallOptions {
  /** Delete nothing, and tell what would be deleted. Default is `true`. */
  readonly dryRun?: boolean | undefined;
  /** Wait between deletions, in milliseconds. Default is 1000, as GitHub asks of programs. */
  readonly pauseMs?: number | undefined;
}

/** A version that was to be deleted, and why it was not. */
export interface CleanupFailure {
  readonly version: PackageVersion;
  readonly error: AnyTidegateError;
}

/** What a cleanup did, or would do. Every version is in exactly one of the lists. */
export interface CleanupResult {
  readonly dryRun: boolean;
  /** In the order of deletion. */
  readonly deleted: readonly CleanupEntry[];
  readonly kept: readonly CleanupEntry[];
  readonly failed: readonly CleanupFailure[];
}

/** What a cleanup works with. */
export interface CleanupContext extends ImageContext {
  readonly manifests: Pick<ManifestOperations, "get">;
  readonly clock: Clock;
}

const PAUSE_MS = 1000;
const CONCURRENCY = 8; // manifests are small, and the transport has ten slots
const LISTINGS = 3;

/**
 * Delete what a package no longer needs: by age, by tag, all but the newest.
 *
 * Never deleted: what an index that stays lists, and what refers to an image that stays. To know that,
 * every manifest of the package is read, and the package is listed before and after; if a manifest
 * cannot be read, or the package keeps changing, nothing is deleted. Before each deletion the version
 * is looked at again; a deletion that fails keeps all that the version needs.
 *
 * @throws {TidegateError} CONFLICT when the package keeps changing; NOT_FOUND for a version that stays
 * and whose manifest the registry does not have; what the registry and the API answer: all before
 * anything is deleted. Later failures are in the result.
 * @throws {TypeError} For a policy that is none.
 */
export async function cleanup(
  context: CleanupContext,
  ref: Pick<Reference, "registry" | "repository">,
  options: CleanupOptions = {},
): Promise<CleanupResult> {
  const { dryRun = true, pauseMs = PAUSE_MS, signal } = options;
  const rules = resolvePolicy(options);
  if (!(pauseMs >= 0)) throw new TypeError("pauseMs must be 0 or more");
  const { owner, name } = await context.accounts.ownerOf(ref, { signal });
  const job: CleanupJob = { context, ref, owner, name, signal, pauseMs };
  const { nodes, missing } = await readPackage(job);
  const plan = planCleanup(nodes, rules, context.clock.now());
  const blind = plan.keep.find(({ version, reason }) => {
    return missing.has(version.digest) && reason !== "listed" && reason !== "refers";
  });
  if (blind !== undefined) throw missing.get(blind.version.digest) as Error;
  if (dryRun) return { dryRun, deleted: plan.remove, kept: plan.keep, failed: [] };
  return await carryOut(job, plan);
}

interface CleanupJob {
  readonly context: CleanupContext;
  readonly ref: Pick<Reference, "registry" | "repository">;
  readonly owner: PackageOwner;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly pauseMs: number;
}

interface PackageContent {
  readonly nodes: readonly CleanupNode[];
  /** Versions whose manifest the registry does not have. */
  readonly missing: ReadonlyMap<Digest, Error>;
}

/** A listing that was the same before and after its manifests were read. */
async function readPackage(job: CleanupJob): Promise<PackageContent> {
  const known = new Map<Digest, Omit<CleanupNode, "version">>();
  const missing = new Map<Digest, Error>();
  let versions = await listVersions(job);
  for (let attempt = 1; attempt <= LISTINGS; attempt++) {
    const unread = versions.map(({ digest }) => digest).filter((digest) => !known.has(digest));
    await forEachOf(unread, CONCURRENCY, job.signal, async (digest, signal) => {
      known.set(digest, await readRelations(job, digest, missing, signal));
    });
    const again = await listVersions(job);
    if (isSameListing(versions, again)) {
      const none = { lists: [], subject: undefined };
      return {
        nodes: again.map((version) => ({ ...none, ...known.get(version.digest), version })),
        missing,
      };
    }
    versions = again;
  }
  const what = `the versions of ${job.ref.repository}`;
  const message = `Others keep changing ${what}: nothing was deleted`;
  throw new TidegateError("CONFLICT", message, { what, attempts: LISTINGS });
}

async function listVersions(job: CleanupJob): Promise<readonly PackageVersion[]> {
  const { context: { packages }, owner, name, signal } = job;
  const found = new Map<Digest, PackageVersion>();
  for await (const version of packages.versions(owner, name, { signal })) {
    found.set(version.digest, version); // a page may begin with what the last one ended with
  }
  return [...found.values()];
}

function isSameListing(a: readonly PackageVersion[], b: readonly PackageVersion[]): boolean {
  const spell = (all: readonly PackageVersion[]): string =>
    JSON.stringify(all.map(({ id, digest, tags }) => [id, digest, tags.toSorted()]).toSorted());
  return spell(a) === spell(b);
}

async function readRelations(
  { context: { manifests }, ref: { registry, repository } }: CleanupJob,
  digest: Digest,
  missing: Map<Digest, Error>,
  signal: AbortSignal,
): Promise<Omit<CleanupNode, "version">> {
  try {
    const { manifest } = await manifests.get({ registry, repository, digest }, { signal });
    const entries = manifest.kind === "index" ? manifest.manifests : [];
    return { lists: entries.map((entry) => entry.digest), subject: manifest.subject?.digest };
  } catch (error) {
    if (!isTidegateError(error, "NOT_FOUND")) throw error;
    missing.set(digest, error);
    return { lists: [], subject: undefined };
  }
}

/** Failures after which the next deletion would fail as well, or must not be tried. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAUTHORIZED",
  "CREDENTIALS",
  "RATE_LIMITED",
  "SERVER_ERROR",
  "NETWORK_ERROR",
  "NETWORK_TIMEOUT",
  "CIRCUIT_OPEN",
  "ORIGIN_NOT_TRUSTED",
]);

async function carryOut(job: CleanupJob, plan: CleanupPlan): Promise<CleanupResult> {
  const { clock } = job.context;
  const gone = new Set<Digest>();
  const deleted: CleanupEntry[] = [];
  const kept: CleanupEntry[] = [...plan.keep];
  const failed: CleanupFailure[] = [];
  let isStopped = false;
  for (const entry of plan.remove) {
    const { version } = entry;
    const need = openNeed(plan.needs, version.digest, gone);
    if (need !== undefined || isStopped) {
      kept.push({ version, ...need ?? { reason: "stopped" } });
      continue;
    }
    if (deleted.length > 0) await clock.sleep(job.pauseMs, job.signal);
    try {
      if (!(await deleteUnchanged(job, version))) {
        kept.push({ version, reason: "changed" });
        continue;
      }
      gone.add(version.digest);
      deleted.push(entry);
    } catch (error) {
      if (!isTidegateError(error)) throw error;
      failed.push({ version, error });
      isStopped = FINAL.has(error.code);
    }
  }
  return { dryRun: false, deleted, kept, failed };
}

/**
 * False when somebody changed its tags since it was planned. A version that is not found is a failure
 * too: GitHub says 404 to whoever may not delete it.
 */
async function deleteUnchanged(
  { context: { packages }, owner, name, signal }: CleanupJob,
  { id, tags }: PackageVersion,
): Promise<boolean> {
  const now = await packages.tags(owner, name, id, { signal });
  if (now.toSorted().join() !== tags.toSorted().join()) return false;
  await packages.deleteVersion(owner, name, id, { signal });
  return true;
}
