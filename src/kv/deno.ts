/**
 * Tokens in Deno KV.
 *
 * In: what `Deno.openKv()` gives. Out: a `KvStore`. Next: `layeredKv`, with memory in front.
 * @module
 */
import { type Clock, systemClock, TidegateError } from "../core/mod.ts";
import { assertKvPut, type KvStore } from "./store.ts";
import { utf16 } from "./utf16.ts";

/** The three calls of `Deno.Kv` that tidegate makes. */
export interface DenoKvLike {
  get(key: readonly (string | Uint8Array)[]): Promise<{ readonly value: unknown }>;
  set(
    key: readonly (string | Uint8Array)[],
    value: unknown,
    options?: { expireIn?: number },
  ): Promise<unknown>;
  delete(key: readonly (string | Uint8Array)[]): Promise<void>;
}

/** Options of {@linkcode denoKv}. */
export interface DenoKvOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** First part of every key, to share a database with others. Default is `tidegate`. */
  readonly prefix?: string;
}

/** Largest value that is taken: Deno KV takes 64 KiB, what is written around the value included. */
export const MAX_DENO_KV_VALUE_BYTES: number = 64 * 1024 - 64;

/** Deno KV takes 2 KiB, escapes and the prefix included. Longer ones are stored under their SHA-256. */
const LONGEST_KEY_UNITS = 400;
const EXPIRY_BYTES = 8;

/**
 * A Deno KV database as a store. Deno KV forgets what has expired when it finds the time: the moment
 * is kept beside the value, and what is past it is not returned.
 *
 * @param kv Needs `--unstable-kv` where Deno asks for it.
 * @throws {TidegateError} LIMIT_EXCEEDED, from `put`, for a value over {@linkcode MAX_DENO_KV_VALUE_BYTES}.
 */
export function denoKv(kv: DenoKvLike, options: DenoKvOptions = {}): KvStore {
  const { clock = systemClock, prefix = "tidegate" } = options;
  const storedKey = async (key: string): Promise<readonly (string | Uint8Array)[]> => {
    const units = utf16(key);
    if (key.length <= LONGEST_KEY_UNITS) return [prefix, units];
    return [prefix, "sha256", new Uint8Array(await crypto.subtle.digest("SHA-256", units))];
  };
  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const { value } = await kv.get(await storedKey(key));
      if (!(value instanceof Uint8Array) || value.length < EXPIRY_BYTES) return undefined;
      const expiresAt = new DataView(value.buffer, value.byteOffset).getFloat64(0);
      return clock.now() < expiresAt ? Uint8Array.from(value.subarray(EXPIRY_BYTES)) : undefined;
    },
    async put(key, value, putOptions): Promise<void> {
      assertKvPut(key, putOptions);
      if (value.length > MAX_DENO_KV_VALUE_BYTES) throw tooLarge();
      const ttlMs = 1000 * (putOptions?.ttlSeconds ?? Infinity);
      const entry = new Uint8Array(EXPIRY_BYTES + value.length);
      new DataView(entry.buffer).setFloat64(0, clock.now() + ttlMs);
      entry.set(value, EXPIRY_BYTES);
      const expiry = ttlMs === Infinity ? {} : { expireIn: Math.ceil(ttlMs) };
      await kv.set(await storedKey(key), entry, expiry);
    },
    async delete(key): Promise<void> {
      await kv.delete(await storedKey(key));
    },
  };
}

function tooLarge(): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError(
    "LIMIT_EXCEEDED",
    `A value for Deno KV is longer than ${MAX_DENO_KV_VALUE_BYTES} bytes`,
    { limit: "Deno KV value", maximum: MAX_DENO_KV_VALUE_BYTES },
  );
}
