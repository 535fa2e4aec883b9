import { type Clock, decodeUtf8, encodeUtf8, systemClock } from "../core/mod.ts";
import { deadlineKv } from "./deadline_kv.ts";
import { memoryKv } from "./memory_kv.ts";
import type { KvStore } from "./store.ts";

/** Whose repository it is. A digest alone is never a key: it is no permission. */
export interface CachePlace {
  /** The upstream's name, and whose credentials were used where that may differ. */
  readonly upstream: string;
  readonly repository: string;
}

/** A manifest that is kept. */
export interface CachedManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Since the upstream last said so, in milliseconds. */
  readonly ageMs: number;
  /** Within its time to live: it may be used as it is. */
  readonly isFresh: boolean;
  /** It may be used while the upstream does not answer. */
  readonly mayBeStale: boolean;
}

/** Forgets what is kept of a repository. */
export interface TagPurger {
  /**
   * Forget it: what was kept before is not used again.
   *
   * @param repository The upstream's own name of it: `library/nginx`.
   * @param tag The one that has moved. All the repository's tags are asked for again, so that none
   * is missed.
   */
  purge(repository: string, tag?: string): Promise<void>;
}

/** Manifests by digest, and what tags mean, each for a while. Its calls never fail and always end. */
export interface ManifestCache {
  /** @param reference A tag, or a digest. Whoever uses the bytes verifies them first. */
  find(place: CachePlace, reference: string): Promise<CachedManifest | undefined>;
  /**
   * Keep a manifest that was verified.
   *
   * @param tag What it was asked for by; undefined for its digest.
   * @param at When the upstream was asked, in milliseconds since the epoch.
   */
  keep(
    place: CachePlace,
    tag: string | undefined,
    manifest: Pick<CachedManifest, "digest" | "mediaType" | "bytes">,
    at: number,
  ): Promise<void>;
  /** The upstream said again what a tag means. */
  renew(place: CachePlace, tag: string, digest: string, at: number): Promise<void>;
  /** For the repositories of one upstream. */
  purger(upstream: string): TagPurger;
}

/** Options of {@linkcode createManifestCache}. */
export interface ManifestCacheOptions {
  /** Default is 32 MiB of memory, the least recently used going first. */
  readonly kv?: KvStore | undefined;
  /** Default is the runtime's clock. */
  readonly clock?: Clock | undefined;
  /** How long a manifest answers for its digest, in seconds. Default is 300. */
  readonly manifestTtlSeconds?: number | undefined;
  /** How long a tag means what it meant, in seconds. Default is 60. */
  readonly tagTtlSeconds?: number | undefined;
  /** How much longer both may be used while the upstream does not answer. Default is 0: never. */
  readonly staleIfErrorSeconds?: number | undefined;
  /** Longest wait for the store, in milliseconds. Default is 1000. */
  readonly storeMs?: number | undefined;
  /** Told about every failure of the store. */
  readonly onError?: ((operation: "get" | "put", error: unknown) => void) | undefined;
}

const MEMORY = { maxEntries: 8192, maxBytes: 32 * 1024 * 1024 };

/** Written before a manifest's bytes, and alone for a tag. */
interface Head {
  readonly at: number;
  readonly digest: string;
  readonly mediaType?: string;
}

/**
 * Make a cache of manifests. It may be shared by requests and clients whose credentials are the same
 * for an upstream, or are told apart by `CachePlace.upstream`.
 *
 * @throws {TypeError} If a time is negative.
 */
export function createManifestCache(options: ManifestCacheOptions = {}): ManifestCache {
  const { clock = systemClock, manifestTtlSeconds = 300, tagTtlSeconds = 60 } = options;
  const { staleIfErrorSeconds = 0 } = options;
  for (const seconds of [manifestTtlSeconds, tagTtlSeconds, staleIfErrorSeconds]) {
    if (!(seconds >= 0)) throw new TypeError("Times of a cache must be 0 or more");
  }
  const store = createSafeStore(options, clock);
  // a tag whose time is over is asked for by HEAD, and its manifest used if it still means it
  const ttlSeconds = Math.max(manifestTtlSeconds, tagTtlSeconds) + staleIfErrorSeconds;
  const write = async (key: string, head: Head, bytes?: Uint8Array): Promise<void> => {
    if (ttlSeconds > 0) await store.put(key, joinEntry(head, bytes), ttlSeconds);
  };
  const renew: ManifestCache["renew"] = (place, tag, digest, at) =>
    tagTtlSeconds > 0 ? write(keyOf("tag", place, tag), { at, digest }) : Promise.resolve();

  return {
    async find(place, reference): Promise<CachedManifest | undefined> {
      const isTag = !reference.includes(":");
      const tag = isTag ? await readEntry(store, keyOf("tag", place, reference)) : undefined;
      const digest = isTag ? tag?.head.digest : reference;
      if (digest === undefined) return undefined;
      const [kept, purged] = await Promise.all([
        readEntry(store, keyOf("manifest", place, digest)),
        readEntry(store, keyOf("purged", place, "")),
      ]);
      const { mediaType } = kept?.head ?? {};
      if (kept === undefined || mediaType === undefined) return undefined;
      const at = Math.min(tag?.head.at ?? kept.head.at, clock.now());
      if (purged !== undefined && Math.min(at, kept.head.at) <= purged.head.at) return undefined;
      const ageMs = clock.now() - at;
      const ttlMs = 1000 * (isTag ? tagTtlSeconds : manifestTtlSeconds);
      const isFresh = ageMs < ttlMs;
      const mayBeStale = ageMs < ttlMs + 1000 * staleIfErrorSeconds;
      return { digest, mediaType, bytes: kept.bytes, ageMs, isFresh, mayBeStale };
    },
    async keep(place, tag, { digest, mediaType, bytes }, at): Promise<void> {
      await write(keyOf("manifest", place, digest), { at, digest, mediaType }, bytes);
      if (tag !== undefined) await renew(place, tag, digest, at);
    },
    renew,
    purger: (upstream) => ({
      async purge(repository): Promise<void> {
        const key = keyOf("purged", { upstream, repository }, "");
        await write(key, { at: clock.now(), digest: "" });
      },
    }),
  };
}

interface SafeStore {
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
}

/** A cache that fails is a cache that is empty. */
function createSafeStore(
  { kv, storeMs = 1000, onError = () => {} }: ManifestCacheOptions,
  clock: Clock,
): SafeStore {
  const store = kv === undefined ? memoryKv({ clock, ...MEMORY }) : deadlineKv(kv, clock, storeMs);
  return {
    get: (key) => store.get(key).catch((error) => void onError("get", error)),
    put: (key, value, ttlSeconds) =>
      store.put(key, value, { ttlSeconds }).catch((error) => onError("put", error)),
  };
}

/** JSON, so that no two places share a key. */
function keyOf(kind: string, { upstream, repository }: CachePlace, name: string): string {
  return `cache:${kind}:${JSON.stringify([upstream, repository, name])}`;
}

const NEWLINE = 0x0a;

function joinEntry(head: Head, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = encodeUtf8(`${JSON.stringify(head)}\n`);
  const entry = new Uint8Array(text.length + bytes.length);
  entry.set(text);
  entry.set(bytes, text.length);
  return entry;
}

async function readEntry(
  store: SafeStore,
  key: string,
): Promise<{ readonly head: Head; readonly bytes: Uint8Array<ArrayBuffer> } | undefined> {
  const entry = await store.get(key);
  if (entry === undefined) return undefined;
  try {
    const end = entry.indexOf(NEWLINE);
    const head = JSON.parse(decodeUtf8(entry.subarray(0, end))) as Head;
    return { head, bytes: entry.subarray(end + 1) };
  } catch {
    return undefined; // another version's, or damaged
  }
}
