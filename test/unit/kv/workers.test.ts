import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../../src/core/mod.ts";
import { workersKv, type WorkersKvNamespace } from "../../../src/kv/workers.ts";
import { kvStoreContract } from "../../contract/kv_store.ts";

interface Fake extends WorkersKvNamespace {
  readonly values: Map<string, { bytes: Uint8Array; ttl: number | undefined }>;
}

/** As strict as the real one about keys and times to live. */
function fakeNamespace(): Fake {
  const values: Fake["values"] = new Map();
  const check = (key: string): void => {
    const size = new TextEncoder().encode(key).length;
    if (size > 512 || key === "" || key === "." || key === "..") throw new Error("414");
  };
  return {
    values,
    async get(key): Promise<ArrayBuffer | null> {
      check(key);
      const found = values.get(new TextDecoder().decode(new TextEncoder().encode(key)));
      return found === undefined ? null : Uint8Array.from(found.bytes).buffer;
    },
    async put(key, value, options): Promise<void> {
      check(key);
      if (options?.expirationTtl !== undefined && !(options.expirationTtl >= 60)) {
        throw new Error("400");
      }
      if (!Number.isInteger(options?.expirationTtl ?? 60)) throw new Error("400");
      const bytes = new Uint8Array(value as ArrayBuffer).slice();
      const stored = new TextDecoder().decode(new TextEncoder().encode(key));
      values.set(stored, { bytes, ttl: options?.expirationTtl });
    },
    async delete(key): Promise<void> {
      check(key);
      values.delete(key);
    },
  };
}

kvStoreContract("workersKv()", () => workersKv(fakeNamespace()));

describe("workersKv()", () => {
  it("raises a time to live to 60 seconds and rounds it up", async () => {
    const namespace = fakeNamespace();
    const store = workersKv(namespace);
    for (const ttlSeconds of [0.1, 59, 60, 60.2]) {
      await store.put(`${ttlSeconds}`, new Uint8Array(1), { ttlSeconds });
    }
    await store.put("none", new Uint8Array(1));
    expect([...namespace.values].map(([key, { ttl }]) => [key, ttl])).toEqual([
      ["0.1", 60],
      ["59", 60],
      ["60", 60],
      ["60.2", 61],
      ["none", undefined],
    ]);
  });

  it("refuses a value over 25 MiB before it is sent", async () => {
    const namespace = fakeNamespace();
    const error = await workersKv(namespace).put("key", new Uint8Array(25 * 1024 * 1024 + 1))
      .catch((caught: unknown) => caught);
    expect(isTidegateError(error, "LIMIT_EXCEEDED")).toBe(true);
    expect(namespace.values.size).toBe(0);
  });

  it("a key that looks like a hashed one does not meet it", async () => {
    const namespace = fakeNamespace();
    const store = workersKv(namespace);
    await store.put("k".repeat(600), Uint8Array.of(1));
    const [hashed = ""] = namespace.values.keys();
    await store.put(hashed, Uint8Array.of(2));
    expect(namespace.values.size).toBe(2);
    expect(await store.get("k".repeat(600))).toEqual(Uint8Array.of(1));
  });

  it("never lets two keys meet, whatever they are", async () => {
    const anyKey = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.string({ minLength: 500, maxLength: 530 }),
      fc.constantFrom(".", "..", "sha256:", "sha256:00", "\ud800", "\udfff"),
      fc.array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { minLength: 1, maxLength: 4 })
        .map((codes) => String.fromCharCode(...codes)),
    );
    await fc.assert(
      fc.asyncProperty(anyKey, anyKey, async (a, b) => {
        fc.pre(a !== b);
        const namespace = fakeNamespace();
        const store = workersKv(namespace);
        await store.put(a, Uint8Array.of(1));
        await store.put(b, Uint8Array.of(2));
        expect(namespace.values.size).toBe(2);
        expect(await store.get(a)).toEqual(Uint8Array.of(1));
      }),
      { numRuns: 500 },
    );
  });
});
