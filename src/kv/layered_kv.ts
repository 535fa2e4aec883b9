import { type Clock, systemClock } from "../core/mod.ts";
import { deadlineKv } from "./deadline_kv.ts";
import { assertKvPut, type KvPutOptions, type KvStore } from "./store.ts";

/** Options of {@linkcode layeredKv}. */
export interface LayeredKvOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** Longest wait for the slow store, in milliseconds. Default is 2000. */
  readonly slowMs?: number;
  /**
   * Longest time that a value found in the slow store stays in the fast one, in seconds: how much
   * older a read may get than the slow store alone would make it. Default is 60, the time Workers KV
   * itself may be behind.
   */
  readonly promoteTtlSeconds?: number;
  /**
   * Takes the slow store's writes, so that a call need not wait for them: `ctx.waitUntil` on Workers.
   * Absent, a call waits for them.
   */
  readonly defer?: (write: Promise<void>) => void;
  /** Told about every failure of either store. Nothing that it throws reaches the caller. */
  readonly onError?: (operation: "get" | "put" | "delete", error: unknown) => void;
}

/**
 * Two stores as one: reads try `fast` first, writes go to both. A store that fails or hangs never
 * fails the call: a failed read is a miss, a failed write is reported to `onError` and forgotten.
 */
export function layeredKv(fast: KvStore, slow: KvStore, options: LayeredKvOptions = {}): KvStore {
  const { clock = systemClock, slowMs = 2000, promoteTtlSeconds = 60, defer } = options;
  const remote = deadlineKv(slow, clock, slowMs);
  const attempt = async <T>(
    operation: "get" | "put" | "delete",
    call: () => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await call();
    } catch (error) {
      report(options.onError, operation, error);
      return undefined;
    }
  };
  const write = async (
    operation: "put" | "delete",
    call: (store: KvStore) => Promise<void>,
  ): Promise<void> => {
    await attempt(operation, () => call(fast));
    const rest = attempt(operation, () => call(remote));
    if (defer === undefined) await rest;
    else defer(rest);
  };

  return {
    async get(key): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const near = await attempt("get", () => fast.get(key));
      if (near !== undefined) return near;
      const far = await attempt("get", () => remote.get(key));
      if (far !== undefined) {
        await attempt("put", () => fast.put(key, far, { ttlSeconds: promoteTtlSeconds }));
      }
      return far;
    },
    async put(key: string, value: Uint8Array, putOptions?: KvPutOptions): Promise<void> {
      assertKvPut(key, putOptions); // the caller's mistake is not a failing store
      await write("put", (store) => store.put(key, value, putOptions));
    },
    delete: (key: string) => write("delete", (store) => store.delete(key)),
  };
}

function report(
  onError: LayeredKvOptions["onError"],
  operation: "get" | "put" | "delete",
  error: unknown,
): void {
  try {
    onError?.(operation, error);
  } catch {
    // an observer's failure is not the caller's
  }
}
