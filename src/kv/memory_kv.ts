import { type Clock, encodeUtf8, systemClock } from "../core/mod.ts";
import { assertKvPut, type KvStore } from "./store.ts";

/** Options of {@linkcode memoryKv}. */
export interface MemoryKvOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** Most entries kept; the least recently used goes first. Default is 1024. */
  readonly maxEntries?: number;
  /**
   * Most bytes kept, keys and values together. A value that alone is larger is not kept. Default is
   * 8 MiB: 1024 tokens of 8 KiB.
   */
  readonly maxBytes?: number;
}

interface Entry {
  readonly value: Uint8Array<ArrayBuffer>;
  readonly bytes: number;
  readonly expiresAt: number;
}

/**
 * A store in this process's memory, bounded in entries and bytes. Expired values are never returned;
 * they are dropped when next looked at or when room is needed.
 */
export function memoryKv(options: MemoryKvOptions = {}): KvStore {
  const { clock = systemClock, maxEntries = 1024, maxBytes = 8 * 1024 * 1024 } = options;
  const entries = new Map<string, Entry>(); // in order of use, the least recent first
  let total = 0;

  const drop = (key: string): void => {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  const makeRoom = (bytes: number): void => {
    for (const key of entries.keys()) {
      if (entries.size < maxEntries && total + bytes <= maxBytes) return;
      drop(key);
    }
  };

  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (clock.now() < entry.expiresAt) {
        entries.set(key, entry);
        return entry.value.slice();
      }
      total -= entry.bytes;
      return undefined;
    },
    async put(key, value, putOptions): Promise<void> {
      assertKvPut(key, putOptions);
      drop(key);
      const bytes = encodeUtf8(key).length + value.length;
      if (bytes > maxBytes || maxEntries < 1) return;
      makeRoom(bytes);
      const expiresAt = clock.now() + 1000 * (putOptions?.ttlSeconds ?? Infinity);
      entries.set(key, { value: Uint8Array.from(value), bytes, expiresAt });
      total += bytes;
    },
    async delete(key): Promise<void> {
      drop(key);
    },
  };
}
