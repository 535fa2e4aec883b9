import { describe, expect, it } from "vitest";
import { encodeHex, type HasherFactory } from "../../src/core/mod.ts";
import {
  createHasher,
  createSha256,
  createSha512,
  digestBytes,
  nativeHasher,
  wasmHasher,
} from "../../src/hash/mod.ts";
import { compileWasm } from "../../src/hash/wasm_source.ts";

const isWorkerd = navigator.userAgent === "Cloudflare-Workers";
const isBrowser = "document" in globalThis;
if (isWorkerd) await import("../../src/hash/workerd.ts");

const ABC = new TextEncoder().encode("abc");
const ABC_DIGESTS = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha512: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};
const MESSAGE = Uint8Array.from({ length: 200_003 }, (_, i) => (i * 31) ^ (i >>> 7));
const factories: [string, HasherFactory][] = [["createHasher", createHasher], ["wasm", wasmHasher]];

describe.each(["sha256", "sha512"] as const)("%s", (algorithm) => {
  describe.each(factories)("by %s", (_, create) => {
    it("update() and digest() give the known digest", async () => {
      const hasher = create(algorithm);
      await hasher.update(ABC);
      expect(encodeHex(await hasher.digest())).toBe(ABC_DIGESTS[algorithm]);
    });

    it("the empty message has WebCrypto's digest", async () => {
      const wanted = await digestBytes(algorithm, new Uint8Array(0));
      expect(encodeHex(await create(algorithm).digest())).toBe(encodeHex(wanted));
    });

    it("update() lets the buffer be reused once it has resolved", async () => {
      const wanted = encodeHex(await digestBytes(algorithm, MESSAGE));
      for (const size of [1_000, 65_536, 70_001]) {
        const hasher = create(algorithm);
        const buffer = new Uint8Array(size);
        for (let at = 0; at < MESSAGE.length; at += size) {
          const piece = MESSAGE.subarray(at, at + size);
          buffer.set(piece);
          await hasher.update(buffer.subarray(0, piece.length));
          buffer.fill(0xee);
        }
        expect(encodeHex(await hasher.digest())).toBe(wanted);
      }
    });

    it("many hashers run at once", async () => {
      const hashers = Array.from({ length: 20 }, () => create(algorithm));
      for (let at = 0; at < 2_000; at += 97) {
        const piece = MESSAGE.subarray(at, Math.min(at + 97, 2_000));
        await Promise.all(hashers.map((hasher) => hasher.update(piece)));
      }
      const digests = await Promise.all(hashers.map((hasher) => hasher.digest()));
      const wanted = encodeHex(await digestBytes(algorithm, MESSAGE.slice(0, 2_000)));
      expect(new Set(digests.map(encodeHex))).toEqual(new Set([wanted]));
    });

    it("abort() of an unfinished hash leaves nothing behind, and its digest is refused", async () => {
      const [begun, unused] = [create(algorithm), create(algorithm)];
      await begun.update(ABC);
      begun.abort?.();
      unused.abort?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (begun.abort) await expect(begun.digest()).rejects.toThrow("given up");
    });
  });

  it("exportState() continues in another hasher", async () => {
    const create = algorithm === "sha256" ? createSha256 : createSha512;
    const [first, second] = [create(), create()];
    first.update(MESSAGE.subarray(0, 100_001));
    second.importState(first.exportState());
    second.update(MESSAGE.subarray(100_001));
    expect(encodeHex(second.digest())).toBe(encodeHex(await digestBytes(algorithm, MESSAGE)));
  });
});

it("nativeHasher is found wherever the runtime has an incremental hash", () => {
  expect(nativeHasher !== undefined).toBe(!isBrowser);
});

it.runIf(isWorkerd)("compileWasm() on workerd says which entry to import", () => {
  expect(() => compileWasm(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED" }),
  );
});

it.runIf(isWorkerd)("the entry for workerd has every export of mod.ts", async () => {
  const names = async (module: Promise<object>): Promise<string[]> => Object.keys(await module);
  expect(await names(import("../../src/hash/workerd.ts"))).toEqual(
    await names(import("../../src/hash/mod.ts")),
  );
});
