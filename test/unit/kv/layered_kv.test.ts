import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { type KvStore, layeredKv, memoryKv } from "../../../src/kv/mod.ts";
import { kvStoreContract } from "../../contract/kv_store.ts";
import { createTestClock } from "../../support/test_clock.ts";

const clock = createTestClock();
kvStoreContract(
  "layeredKv()",
  () => layeredKv(memoryKv({ clock }), memoryKv({ clock }), { clock }),
  {
    advance: (seconds) => clock.advance(1000 * seconds),
  },
);

const broken: KvStore = {
  get: () => Promise.reject(new Error("down")),
  put: () => Promise.reject(new Error("down")),
  delete: () => {
    throw new Error("down, at once");
  },
};
const hanging: KvStore = {
  get: () => new Promise(() => {}),
  put: () => new Promise(() => {}),
  delete: () => new Promise(() => {}),
};
const value = encodeUtf8("value");

describe("layeredKv()", () => {
  kvStoreContract("layeredKv() over a slow store that fails", () => layeredKv(memoryKv(), broken));
  kvStoreContract("layeredKv() over a fast store that fails", () => layeredKv(broken, memoryKv()));

  it("reads the fast store first and keeps there what the slow one had, for a while", async () => {
    const time = createTestClock();
    const slow = memoryKv({ clock: time });
    let reads = 0;
    const counting: KvStore = { ...slow, get: (key) => (reads++, slow.get(key)) };
    await slow.put("key", value);
    const store = layeredKv(memoryKv({ clock: time }), counting, {
      clock: time,
      promoteTtlSeconds: 60,
    });
    expect(await store.get("key")).toEqual(value);
    expect(await store.get("key")).toEqual(value);
    expect(reads).toBe(1);
    time.advance(60_000);
    expect(await store.get("key")).toEqual(value);
    expect(reads).toBe(2);
  });

  it("ends a call to a slow store that hangs, as a miss", async () => {
    const time = createTestClock();
    const failures: string[] = [];
    const store = layeredKv(memoryKv({ clock: time }), hanging, {
      clock: time,
      slowMs: 500,
      onError: (operation, error) => failures.push(`${operation} ${(error as Error).message}`),
    });
    const calls = Promise.all([store.get("key"), store.put("other", value), store.delete("third")]);
    await new Promise((resolve) => setImmediate(resolve)); // all have reached the slow store
    time.advance(500);
    expect(await calls).toEqual([undefined, undefined, undefined]);
    expect(failures.sort()).toEqual([
      "delete The store did not answer in 500 ms",
      "get The store did not answer in 500 ms",
      "put The store did not answer in 500 ms",
    ]);
  });

  it("hands the slow store's writes to defer and does not wait for them", async () => {
    const deferred: Promise<void>[] = [];
    const store = layeredKv(memoryKv(), hanging, { defer: (write) => deferred.push(write) });
    await store.put("key", value);
    expect(deferred).toHaveLength(1);
    expect(await store.get("key")).toEqual(value);
  });

  it("an onError that throws does not reach the caller", async () => {
    const store = layeredKv(memoryKv(), broken, {
      onError: () => {
        throw new Error("observer");
      },
    });
    await expect(store.put("key", value)).resolves.toBeUndefined();
    expect(await store.get("key")).toEqual(value);
  });
});
