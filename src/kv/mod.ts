/**
 * Small values kept for a while: a port, a bounded memory store, layering, and a cache of manifests.
 * Adapters for products are subpaths of their own: `kv/workers`, `kv/cache-api`, `kv/sqlite`,
 * `kv/deno`.
 *
 * In: key and bytes. Out: the bytes until they expire. Next: `auth`.
 * @module
 */
export { assertKvPut, type KvPutOptions, type KvStore } from "./store.ts";
export { memoryKv, type MemoryKvOptions } from "./memory_kv.ts";
export { deadlineKv } from "./deadline_kv.ts";
export { layeredKv, type LayeredKvOptions } from "./layered_kv.ts";
export {
  type CachedManifest,
  type CachePlace,
  createManifestCache,
  type ManifestCache,
  type ManifestCacheOptions,
  type TagPurger,
} from "./manifest_cache.ts";
