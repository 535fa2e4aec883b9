/** How long a value may be kept. */
export interface KvPutOptions {
  /**
   * Seconds after which the value must be gone; greater than 0, fractions allowed. Absent for no end.
   * A store with a longer minimum keeps it that long: a caller that needs the exact moment writes it
   * inside the value.
   */
  readonly ttlSeconds?: number;
}

/**
 * A store of small values: sealed tokens, configuration. Never a lock and never a counter: a read may
 * be stale, a write may be lost, and there is no compare-and-set.
 *
 * Keys are any non-empty string; an adapter with a shorter limit shortens them without collisions.
 */
export interface KvStore {
  /** The value under `key`; undefined when there is none or it has expired. A copy of its own. */
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Store a copy of `value`, replacing what was there, its time to live included. */
  put(key: string, value: Uint8Array, options?: KvPutOptions): Promise<void>;
  /** Forget `key`. Nothing happens when it is not there. */
  delete(key: string): Promise<void>;
}

/**
 * Check what every store checks before it stores.
 * @throws {TypeError} If the key is empty or `ttlSeconds` is not a number greater than 0.
 */
export function assertKvPut(key: string, options?: KvPutOptions): void {
  if (key === "") throw new TypeError("A key must not be empty");
  const ttl = options?.ttlSeconds;
  if (ttl !== undefined && !(ttl > 0)) throw new TypeError("ttlSeconds must be greater than 0");
}
