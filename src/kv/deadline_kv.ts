import { type Clock, TidegateError } from "../core/mod.ts";
import type { KvStore } from "./store.ts";

/**
 * A store whose every call ends: one that takes longer than `milliseconds` rejects, and what comes
 * later is ignored.
 *
 * @throws {TidegateError} NETWORK_TIMEOUT, from the calls of the store, when time is up.
 */
export function deadlineKv(store: KvStore, clock: Clock, milliseconds: number): KvStore {
  const bound = <T>(call: Promise<T>): Promise<T> => inTime(call, clock, milliseconds);
  return {
    get: (key) => bound(store.get(key)),
    put: (key, value, options) => bound(store.put(key, value, options)),
    delete: (key) => bound(store.delete(key)),
  };
}

function inTime<T>(call: Promise<T>, clock: Clock, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(milliseconds, () =>
      reject(
        new TidegateError("NETWORK_TIMEOUT", `The store did not answer in ${milliseconds} ms`, {
          origin: "kv",
          phase: "total",
          milliseconds,
        }),
      ));
    call.then(resolve, reject).finally(stop);
  });
}
