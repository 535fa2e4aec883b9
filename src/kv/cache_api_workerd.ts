/**
 * Values in Cloudflare's Cache API, one cache for each data centre.
 *
 * In: a `Cache`, by default `caches.default`. Out: a `KvStore`. Next: `layeredKv`, with memory in front.
 * @module
 */
import { encodeHex, encodeUtf8 } from "../core/mod.ts";
import { assertKvPut, type KvStore } from "./store.ts";

/** The three calls of a `Cache` that tidegate makes. */
export interface CacheLike {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
  delete(url: string): Promise<boolean>;
}

/** Never resolved: nothing but this adapter asks for it. */
const ORIGIN = "https://tidegate.invalid";
const YEAR_SECONDS = 31_536_000;

/** The cache that every Worker has; undefined on other runtimes, whose `caches` keeps no time to live. */
export function workersCache(): CacheLike | undefined {
  const { caches } = globalThis as { readonly caches?: { readonly default?: CacheLike } };
  return caches?.default;
}

/**
 * A `Cache` as a store. Keys are hashed into URLs. What is put is seen in the same data centre only,
 * may go at any time, and on `workers.dev` is not kept at all. A time to live under a second becomes
 * one.
 */
export function cacheApiKv(cache: CacheLike): KvStore {
  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const response = await cache.match(await urlOf(key));
      return response === undefined ? undefined : new Uint8Array(await response.arrayBuffer());
    },
    async put(key, value, options): Promise<void> {
      assertKvPut(key, options);
      const seconds = Math.min(YEAR_SECONDS, Math.ceil(options?.ttlSeconds ?? YEAR_SECONDS));
      const headers = { "cache-control": `max-age=${seconds}` };
      const url = await urlOf(key);
      await cache.put(url, new Response(Uint8Array.from(value), { headers }));
    },
    async delete(key): Promise<void> {
      await cache.delete(await urlOf(key));
    },
  };
}

async function urlOf(key: string): Promise<string> {
  // UTF-16 in hex: lone surrogates must not meet
  const units = Array.from(key, (_, i) => key.charCodeAt(i).toString(16)).join(".");
  const digest = await crypto.subtle.digest("SHA-256", encodeUtf8(`${key.length} ${units}`));
  return `${ORIGIN}/${encodeHex(new Uint8Array(digest))}`;
}
