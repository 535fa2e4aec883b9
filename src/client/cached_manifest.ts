import { isTidegateError, type Upstream } from "../core/mod.ts";
import { pullManifestRequest, readPullManifestHead } from "../distribution/mod.ts";
import type { CachedManifest, CachePlace } from "../kv/mod.ts";
import { parseManifest } from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import { type Digest, parseDigest, type Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import { verifyBytes } from "../verify/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import type { PulledManifest } from "./pulled_manifest.ts";

/**
 * A manifest out of the cache: within its time as it is, by tag after that if the registry says, by a
 * HEAD, that the tag still means it. Otherwise it is pulled, and kept.
 */
export async function cachedManifest(
  context: ClientContext,
  connection: RepositoryConnection,
  ref: Reference,
  options: CallOptions & { readonly size?: number | undefined },
  pull: () => Promise<PulledManifest>,
): Promise<PulledManifest> {
  const { cache, clock, observer } = context.settings;
  const { upstream } = connection;
  const place = placeOf(context, upstream, ref.repository);
  const tag = ref.digest === undefined ? ref.tag ?? "latest" : undefined;
  const at = clock.now();
  const cached = await cache?.find(place, tag ?? ref.digest ?? "");
  const found = cached && await tryRead(cached, options.size);
  if (cached !== undefined && found !== undefined) {
    const isRenewed = !cached.isFresh && tag !== undefined &&
      await askDigest(connection, tag, context, options) === cached.digest;
    if (isRenewed) await cache?.renew(place, tag, cached.digest, at);
    if (cached.isFresh || isRenewed) {
      const { digest } = cached;
      const state = isRenewed ? "renewed" : "fresh";
      observe(observer, { type: "cache.hit", upstream: upstream.name, digest, state });
      return found;
    }
  }
  const pulled = await pull();
  await cache?.keep(place, tag, pulled, at);
  return pulled;
}

/** Forget what the cache has of a repository: it was written to. */
export async function forgetCached(
  context: ClientContext,
  { upstream, target: { repository } }: RepositoryConnection,
): Promise<void> {
  const place = placeOf(context, upstream, repository);
  await context.settings.cache?.purger(place.upstream).purge(repository);
}

/** One registry may go by several names, and one name be several registries over time. */
function placeOf(
  { settings: { credentials } }: ClientContext,
  { origin }: Upstream,
  repository: string,
): CachePlace {
  return { upstream: JSON.stringify([origin, credentials?.id ?? null]), repository };
}

/** @returns Undefined for what the store did not keep as it was. */
async function tryRead(
  { bytes, digest, mediaType }: CachedManifest,
  size: number | undefined,
): Promise<PulledManifest | undefined> {
  try {
    const known: Digest = parseDigest(digest);
    await verifyBytes(bytes, { digest: known, size });
    const manifest = parseManifest(bytes, { contentType: mediaType });
    return { digest: known, mediaType: manifest.mediaType, size: bytes.length, bytes, manifest };
  } catch (error) {
    if (isTidegateError(error)) return undefined;
    throw error;
  }
}

/** What a tag means now; undefined where a HEAD does not tell. */
async function askDigest(
  { send, target }: RepositoryConnection,
  tag: string,
  { settings: { clock } }: ClientContext,
  { signal }: CallOptions,
): Promise<Digest | undefined> {
  const response = await send(pullManifestRequest(target, tag, { method: "HEAD", signal }));
  discard(response, clock);
  if (response.status !== 200) return undefined; // GET says why
  try {
    return readPullManifestHead(response.status, response.headers).digest;
  } catch (error) {
    if (isTidegateError(error, "INVALID_RESPONSE")) return undefined;
    throw error;
  }
}
