import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeHex, encodeUtf8 } from "../../../src/core/mod.ts";
import { createHasher, nativeHasher, wasmHasher } from "../../../src/hash/mod.ts";
import { findNodeHasher } from "../../../src/hash/native_node.ts";

afterEach(() => vi.unstubAllGlobals());

describe("createHasher()", () => {
  it("is native on Node", () => {
    expect(nativeHasher).toBeDefined();
    expect(createHasher("sha256")).not.toHaveProperty("exportState");
  });

  it("can be copied on Node: each copy goes on by itself", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (head, tail) => {
      const first = createHasher("sha256");
      await first.update(head);
      const copy = first.fork?.();
      await copy?.update(tail);
      const [whole, part] = [wasmHasher("sha256"), wasmHasher("sha256")];
      whole.update(head), whole.update(tail), part.update(head);
      expect(await copy?.digest()).toEqual(whole.digest());
      expect(await first.digest()).toEqual(part.digest());
    }));
  });

  it("agrees with wasm for any pieces of any message", async () => {
    const algorithm = fc.constantFrom("sha256" as const, "sha512" as const);
    const piece = fc.uint8Array({ maxLength: 400 });
    const big = fc.integer({ min: 0, max: 140_000 }).map((n) => new Uint8Array(n).fill(n));
    const pieces = fc.array(
      fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: big }),
    );
    await fc.assert(fc.asyncProperty(algorithm, pieces, async (name, chunks) => {
      const [native, wasm] = [createHasher(name), wasmHasher(name)];
      for (const chunk of chunks) {
        await native.update(chunk);
        wasm.update(chunk);
      }
      expect(encodeHex(wasm.digest())).toBe(encodeHex(await native.digest()));
    }));
  });

  it("falls back to wasm where the runtime has no incremental hash", async () => {
    vi.stubGlobal("process", undefined);
    vi.resetModules();
    const fresh = await import("../../../src/hash/create_hasher.ts");
    expect(fresh.nativeHasher).toBeUndefined();
    const hasher = fresh.createHasher("sha512");
    await hasher.update(encodeUtf8("abc"));
    expect(encodeHex(await hasher.digest()).slice(0, 16)).toBe("ddaf35a193617aba"); // FIPS 180-4
  });
});

describe("findNodeHasher()", () => {
  it.each([undefined, {}, { getBuiltinModule: () => undefined }])(
    "finds nothing where process is %j",
    (process) => {
      vi.stubGlobal("process", process);
      expect(findNodeHasher()).toBeUndefined();
    },
  );
});
