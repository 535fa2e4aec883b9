import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryKv } from "../../../src/kv/mod.ts";
import { kvStoreContract } from "../../contract/kv_store.ts";
import { createTestClock } from "../../support/test_clock.ts";

const clock = createTestClock();
kvStoreContract("memoryKv()", () => memoryKv({ clock }), {
  advance: (seconds) => clock.advance(1000 * seconds),
});

describe("memoryKv()", () => {
  it("drops the least recently used entry when there are too many", async () => {
    const store = memoryKv({ maxEntries: 2 });
    await store.put("a", new Uint8Array(1));
    await store.put("b", new Uint8Array(1));
    await store.get("a");
    await store.put("c", new Uint8Array(1));
    expect(await store.get("b")).toBeUndefined();
    expect(await store.get("a")).toBeDefined();
    expect(await store.get("c")).toBeDefined();
  });

  it("does not keep a value larger than the whole store, nor the one it replaces", async () => {
    const store = memoryKv({ maxBytes: 10 });
    await store.put("a", new Uint8Array(5));
    await store.put("a", new Uint8Array(10)); // the key counts too
    expect(await store.get("a")).toBeUndefined();
    await store.put("a", new Uint8Array(9));
    expect(await store.get("a")).toBeDefined();
  });

  it("never holds more than its bounds, whatever is put in", async () => {
    const puts = fc.array(fc.tuple(fc.constantFrom(..."abcdefgh"), fc.nat(40)), { maxLength: 60 });
    await fc.assert(fc.asyncProperty(puts, async (list) => {
      const store = memoryKv({ maxEntries: 5, maxBytes: 100 });
      for (const [key, size] of list) await store.put(key, new Uint8Array(size));
      const values = await Promise.all([..."abcdefgh"].map((key) => store.get(key)));
      const kept = values.filter((value) => value !== undefined);
      const total = kept.reduce((sum, value) => sum + value.length + 1, 0);
      expect(kept.length).toBeLessThanOrEqual(5);
      expect(total).toBeLessThanOrEqual(100);
      // the last one put is always there
      const last = list.at(-1);
      if (last) expect(await store.get(last[0])).toEqual(new Uint8Array(last[1]));
    }));
  });
});
