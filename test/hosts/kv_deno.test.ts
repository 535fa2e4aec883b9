import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../src/core/mod.ts";
import { denoKv, type DenoKvLike, MAX_DENO_KV_VALUE_BYTES } from "../../src/kv/deno.ts";
import { kvStoreContract } from "../contract/kv_store.ts";
import { createTestClock } from "../support/test_clock.ts";

interface DenoLike {
  openKv?(path: string): Promise<DenoKvLike & { close(): void }>;
}

const { Deno: deno } = globalThis as { Deno?: DenoLike };

/** `Deno.Kv` as far as the adapter sees it, for runtimes that have none. It never forgets by itself. */
function createFakeKv(): DenoKvLike {
  const entries = new Map<string, unknown>();
  const name = (key: readonly (string | Uint8Array)[]): string =>
    JSON.stringify(key.map((part) => typeof part === "string" ? part : [...part]));
  return {
    get: async (key) => ({ value: structuredClone(entries.get(name(key)) ?? null) }),
    set: async (key, value) => void entries.set(name(key), structuredClone(value)),
    delete: async (key) => void entries.delete(name(key)),
  };
}

const clock = createTestClock();
const advance = (seconds: number): void => void clock.advance(1000 * seconds);
kvStoreContract("denoKv()", () => denoKv(createFakeKv(), { clock }), { advance });

describe.runIf(deno)("on Deno", () => {
  kvStoreContract("denoKv() of Deno's own", async () => {
    const kv = await deno?.openKv?.(":memory:");
    if (kv === undefined) throw new Error("Deno runs without --unstable-kv");
    return denoKv(kv, { clock });
  }, { advance });

  it("denoKv() of Deno's own takes the longest value and key", async () => {
    const kv = await deno?.openKv?.(":memory:");
    const store = denoKv(kv ?? createFakeKv());
    const value = new Uint8Array(MAX_DENO_KV_VALUE_BYTES).fill(0xff);
    for (const key of ["k", "\u0000".repeat(400), "\uffff".repeat(400), "x".repeat(100_000)]) {
      await store.put(key, value, { ttlSeconds: 60 });
      expect(await store.get(key)).toEqual(value);
    }
    kv?.close();
  });
});

describe("denoKv()", () => {
  it("refuses a value that Deno KV would not take", async () => {
    const put = denoKv(createFakeKv()).put("k", new Uint8Array(MAX_DENO_KV_VALUE_BYTES + 1));
    const error = await put.catch((reason: unknown) => reason);
    expect(isTidegateError(error, "LIMIT_EXCEEDED")).toBe(true);
  });

  it("takes what is not its own for nothing", async () => {
    const kv = createFakeKv();
    const store = denoKv(kv, { prefix: "p" });
    await store.put("k", new Uint8Array(1));
    for (const value of ["text", new Uint8Array(3), { a: 1 }]) {
      await kv.set(["p", Uint8Array.of(0, 0x6b)], value);
      expect(await store.get("k")).toBeUndefined();
    }
  });
});
