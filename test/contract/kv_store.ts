import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../src/core/mod.ts";
import type { KvStore } from "../../src/kv/mod.ts";

/** What a store can do beyond the contract's core. */
export interface KvCapabilities {
  /** Lets time pass for the store, in seconds. Absent where time cannot be moved. */
  readonly advance?: (seconds: number) => void | Promise<void>;
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => encodeUtf8(text);

/** The contract of {@linkcode KvStore}: every adapter passes it. */
export function kvStoreContract(
  name: string,
  create: () => KvStore | Promise<KvStore>,
  { advance }: KvCapabilities = {},
): void {
  describe(`${name} keeps the store contract`, () => {
    it("get() of a key never stored is undefined", async () => {
      expect(await (await create()).get("absent")).toBeUndefined();
    });

    it("get() gives back what put() stored, binary included", async () => {
      const store = await create();
      const value = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.put("binary", value);
      expect(await store.get("binary")).toEqual(value);
    });

    it("get() of an empty value is an empty array, not undefined", async () => {
      const store = await create();
      await store.put("empty", new Uint8Array(0));
      expect(await store.get("empty")).toEqual(new Uint8Array(0));
    });

    it("put() replaces", async () => {
      const store = await create();
      await store.put("key", bytes("one"));
      await store.put("key", bytes("two"));
      expect(await store.get("key")).toEqual(bytes("two"));
    });

    it("delete() forgets, and of an absent key does nothing", async () => {
      const store = await create();
      await store.put("key", bytes("one"));
      await store.delete("key");
      await store.delete("key");
      expect(await store.get("key")).toBeUndefined();
    });

    it("put() stores the bytes of a view, not its buffer", async () => {
      const store = await create();
      await store.put("view", bytes("abcdef").subarray(2, 4));
      expect(await store.get("view")).toEqual(bytes("cd"));
    });

    it("values are copies: changing one changes nothing stored", async () => {
      const store = await create();
      const value = bytes("abc");
      await store.put("key", value);
      value[0] = 0;
      const got = await store.get("key");
      got?.fill(0);
      expect(await store.get("key")).toEqual(bytes("abc"));
    });

    it("keys of every kind stay apart", async () => {
      const store = await create();
      const long = "k".repeat(600);
      const keys = [".", "..", "a", "A", "a/b", "a:b", "ä", "\u0000", `${long}1`, `${long}2`];
      const odd = ["sha256:a", "\ud800", "\udbff", "__proto__", "constructor", "a?b#c%20"];
      for (const key of [...keys, ...odd]) await store.put(key, bytes(`value of ${key.length} `));
      for (const [i, key] of [...keys, ...odd].entries()) await store.put(key, bytes(`${i}`));
      for (const [i, key] of [...keys, ...odd].entries()) {
        expect(await store.get(key)).toEqual(bytes(`${i}`));
      }
    });

    it("put() refuses an empty key and a time to live that is not above 0", async () => {
      const store = await create();
      await expect(store.put("", bytes("x"))).rejects.toThrow(TypeError);
      await expect(store.put("k", bytes("x"), { ttlSeconds: 0 })).rejects.toThrow(TypeError);
      await expect(store.put("k", bytes("x"), { ttlSeconds: NaN })).rejects.toThrow(TypeError);
    });

    it("put() takes times to live from a fraction of a second to for ever", async () => {
      const store = await create();
      for (const ttlSeconds of [0.5, 1, 59, 60, 61.5, 3600, Infinity]) {
        await store.put(`ttl ${ttlSeconds}`, bytes("x"), { ttlSeconds });
        expect(await store.get(`ttl ${ttlSeconds}`)).toEqual(bytes("x"));
      }
    });

    it.runIf(advance)("a value is gone when its time is up, and not before", async () => {
      const store = await create();
      await store.put("short", bytes("x"), { ttlSeconds: 90 });
      await advance?.(89);
      expect(await store.get("short")).toEqual(bytes("x"));
      await advance?.(1);
      expect(await store.get("short")).toBeUndefined();
    });

    it.runIf(advance)("put() without a time to live ends the one before", async () => {
      const store = await create();
      await store.put("key", bytes("x"), { ttlSeconds: 90 });
      await store.put("key", bytes("y"));
      await advance?.(100_000);
      expect(await store.get("key")).toEqual(bytes("y"));
    });
  });
}
