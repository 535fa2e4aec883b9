/**
 * Tokens in Cloudflare Workers KV.
 *
 * In: a KV binding. Out: a `KvStore`. Next: `layeredKv`, with memory in front.
 * @module
 */
import { encodeHex, encodeUtf8, TidegateError } from "../core/mod.ts";
import { assertKvPut, type KvStore } from "./store.ts";
import { utf16 } from "./utf16.ts";

/** The three calls of a Workers KV binding that tidegate makes. */
export interface WorkersKvNamespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(
    key: string,
    value: ArrayBuffer | ArrayBufferView,
    options?: { expirationTtl?: number },
  ): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Shortest `expirationTtl` that Workers KV takes; anything shorter is answered 400. */
export const MIN_WORKERS_KV_TTL_SECONDS = 60;

/** Longest key that Workers KV takes, in bytes of UTF-8. Longer ones are stored under their SHA-256. */
export const MAX_WORKERS_KV_KEY_BYTES = 512;

/** Largest value that Workers KV takes: 25 MiB. */
export const MAX_WORKERS_KV_VALUE_BYTES: number = 25 * 1024 * 1024;

const HASHED_PREFIX = "sha256:";

/**
 * A Workers KV namespace as a store. Reads may be up to 60 seconds old, elsewhere in the world; a key
 * takes about one write a second. A time to live under 60 seconds becomes 60: whoever stores
 * something that ends sooner keeps the moment inside the value and checks it.
 *
 * @param namespace The binding, as found in a Worker's `env`.
 * @throws {TidegateError} LIMIT_EXCEEDED, from `put`, for a value over 25 MiB.
 */
export function workersKv(namespace: WorkersKvNamespace): KvStore {
  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const value = await namespace.get(await storedKey(key), "arrayBuffer");
      return value === null ? undefined : new Uint8Array(value);
    },
    async put(key, value, options): Promise<void> {
      assertKvPut(key, options);
      if (value.length > MAX_WORKERS_KV_VALUE_BYTES) throw tooLarge();
      const ttl = options?.ttlSeconds;
      await namespace.put(
        await storedKey(key),
        Uint8Array.from(value), // a view's buffer could be larger than the view
        ttl === undefined || ttl === Infinity
          ? {}
          : { expirationTtl: Math.max(MIN_WORKERS_KV_TTL_SECONDS, Math.ceil(ttl)) },
      );
    },
    async delete(key): Promise<void> {
      await namespace.delete(await storedKey(key));
    },
  };
}

/** Workers KV refuses "", "." and ".."; a key that looks hashed is hashed, so that none collide. */
async function storedKey(key: string): Promise<string> {
  const bytes = encodeUtf8(key);
  const plain = bytes.length <= MAX_WORKERS_KV_KEY_BYTES && !/^\.{0,2}$/.test(key) &&
    !key.startsWith(HASHED_PREFIX) && key.isWellFormed();
  if (plain) return key;
  return HASHED_PREFIX +
    encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf16(key))));
}

function tooLarge(): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError(
    "LIMIT_EXCEEDED",
    `A value for Workers KV is longer than ${MAX_WORKERS_KV_VALUE_BYTES} bytes`,
    { limit: "Workers KV value", maximum: MAX_WORKERS_KV_VALUE_BYTES },
  );
}
