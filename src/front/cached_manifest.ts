import { isTidegateError, isTransient, type Upstream } from "../core/mod.ts";
import type { CachedManifest, CachePlace, ManifestCache, TagPurger } from "../kv/mod.ts";
import { MANIFEST_ACCEPT } from "../manifest/mod.ts";
import { type CacheEvent, observe } from "../observability/mod.ts";
import { tryParseDigest } from "../reference/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import type { DoorServices } from "./services.ts";

/** How a manifest is got from the upstream. */
export interface ManifestWays {
  /** What a reference means now; undefined where the upstream's HEAD does not tell. */
  digest(): Promise<string | undefined>;
  /** The answer to the caller's request. */
  answer(): Promise<Answer>;
}

/**
 * A manifest out of the door's cache, for a caller whose right to the repository was checked for this
 * very request.
 *
 * Within its time it is used as it is; a tag after that if a HEAD says that it still means it. Where
 * the upstream does not answer, answers 429 or 5xx, an older one is used, and marked; so it is where
 * only the reserve of its pulls is left, also for a HEAD: who asks for a tag that way pulls next what
 * it means. Never where it answers 401, 403 or 404, which empties the cache of the repository.
 *
 * @throws {TidegateError} What the upstream's refusal means.
 */
export async function serveCachedManifest(
  door: DoorRequest,
  cache: ManifestCache,
  reference: string,
  ways: ManifestWays,
): Promise<Answer> {
  const place = placeOf(door);
  const at = door.services.clock.now();
  const cached = await findIntact(cache, place, reference);
  if (cached?.isFresh) return answerWith(door, cached, "fresh");
  const tag = reference.includes(":") ? undefined : reference;
  try {
    if (cached !== undefined && tag !== undefined && await ways.digest() === cached.digest) {
      await cache.renew(place, tag, cached.digest, at);
      return answerWith(door, { ...cached, ageMs: 0 }, "renewed");
    }
    if (cached?.mayBeStale && isSpared(door)) return answerWith(door, cached, "spared");
    const answer = await ways.answer();
    await keep(cache, place, tag, answer, at);
    return answer;
  } catch (error) {
    if (cached?.mayBeStale && isTransient(error)) return answerWith(door, cached, "stale");
    if (cached !== undefined && isRefusal(error)) await forgetManifests(door);
    throw error;
  }
}

/** Whether the pulls that the upstream still allows are kept for what nobody has. */
function isSpared({ selection, services: { pulls } }: DoorRequest): boolean {
  return pulls.isReached(selection.upstream.upstream);
}

/** Forget what the cache has of the repository: it was written to, or is not ours to read any more. */
export async function forgetManifests(door: DoorRequest): Promise<void> {
  const { services, selection: { upstream: { upstream }, repository } } = door;
  await tagPurger(services, upstream)?.purge(repository);
}

/** What forgets tags of an upstream, for whoever hears that one has moved; undefined without a cache. */
export function tagPurger(
  { manifests }: Pick<DoorServices, "manifests">,
  upstream: Upstream,
): TagPurger | undefined {
  return manifests?.purger(cacheName(upstream));
}

/** A name may be given to another origin later. */
function cacheName({ name, origin }: Upstream): string {
  return JSON.stringify([name, origin]);
}

/**
 * Whether a request may be answered from the cache, and its answer kept: by tag, only if the caller
 * takes every kind of manifest, so that none gets what was chosen for another.
 */
export function isCacheable(accept: string | null, reference: string): boolean {
  if (accept === null || accept === "*/*" || reference.includes(":")) return true;
  const taken = accept.split(",").map((type) => type.split(";")[0]?.trim().toLowerCase());
  return MANIFEST_ACCEPT.split(", ").every((type) => taken.includes(type));
}

function placeOf({ selection: { upstream: { upstream }, repository } }: DoorRequest): CachePlace {
  return { upstream: cacheName(upstream), repository };
}

/** @returns Undefined for what the store did not keep as it was. */
async function findIntact(
  cache: ManifestCache,
  place: CachePlace,
  reference: string,
): Promise<CachedManifest | undefined> {
  const cached = await cache.find(place, reference);
  const digest = tryParseDigest(cached?.digest ?? "");
  if (cached === undefined || digest === undefined) return undefined;
  try {
    await verifyBytes(cached.bytes, { digest });
    return cached;
  } catch {
    return undefined;
  }
}

async function keep(
  cache: ManifestCache,
  place: CachePlace,
  tag: string | undefined,
  { body, headers, status }: Answer,
  at: number,
): Promise<void> {
  const { "content-type": mediaType, "docker-content-digest": digest } = headers;
  if (status !== 200 || !(body instanceof Uint8Array)) return; // a HEAD has shown nothing
  if (mediaType === undefined || digest === undefined) return;
  await cache.keep(place, tag, { digest, mediaType, bytes: body }, at);
}

/** distribution-spec, "Warnings": clients show it. */
const WARNINGS: Readonly<Partial<Record<CacheEvent["state"], string>>> = {
  stale: '299 - "stale: the upstream does not answer"',
  spared: '299 - "stale: the upstream allows few more pulls"',
};

function answerWith(
  { selection, services: { observer } }: DoorRequest,
  { ageMs, bytes, digest, mediaType }: CachedManifest,
  state: CacheEvent["state"],
): Answer {
  const upstream = selection.upstream.upstream.name;
  observe(observer, { type: "cache.hit", upstream, digest, state });
  return bytesAnswer(200, {
    "content-type": mediaType,
    "docker-content-digest": digest,
    "etag": `"${digest}"`,
    "age": String(Math.floor(ageMs / 1000)),
    ...(WARNINGS[state] !== undefined && { "warning": WARNINGS[state] }),
  }, bytes);
}

function isRefusal(error: unknown): boolean {
  return isTidegateError(error, "UNAUTHORIZED") || isTidegateError(error, "FORBIDDEN") ||
    isTidegateError(error, "NOT_FOUND");
}
