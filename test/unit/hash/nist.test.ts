import { describe, expect, it } from "vitest";
import {
  concatBytes,
  decodeHex,
  encodeHex,
  encodeUtf8,
  type Hasher,
} from "../../../src/core/mod.ts";
import { createHasher, digestBytes, wasmHasher } from "../../../src/hash/mod.ts";
import { readMessages, readMonte } from "./nist_vectors.ts";

/** FIPS 180-4 examples and the classic million, as everybody publishes them. */
const PUBLISHED = {
  sha256: [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ],
  sha512: [
    [
      "",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ],
    [
      "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ],
    [
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno" +
      "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018" +
      "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
    ],
    [
      "a".repeat(1_000_000),
      "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb" +
      "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
    ],
  ],
} as const;

async function hash(hasher: Hasher, message: Uint8Array): Promise<string> {
  await hasher.update(message);
  return encodeHex(await hasher.digest());
}

describe.each(["sha256", "sha512"] as const)("%s", (algorithm) => {
  const file = algorithm.toUpperCase();

  it.each(["ShortMsg", "LongMsg"])(
    "wasm, native and one-shot give NIST's digests: %s",
    async (kind) => {
      const vectors = readMessages(`${file}${kind}`);
      expect(vectors.length).toBeGreaterThan(60);
      for (const { message, digest } of vectors) {
        expect(await hash(wasmHasher(algorithm), message)).toBe(digest);
        expect(await hash(createHasher(algorithm), message)).toBe(digest);
        expect(encodeHex(await digestBytes(algorithm, message.slice()))).toBe(digest);
      }
    },
  );

  it("wasm passes NIST's Monte Carlo test", () => {
    const { seed, checkpoints } = readMonte(`${file}Monte`);
    expect(checkpoints).toHaveLength(100);
    let digest = decodeHex(seed);
    for (const checkpoint of checkpoints) {
      digest = monteCarlo(algorithm, digest);
      expect(encodeHex(digest)).toBe(checkpoint);
    }
  });

  it.each(PUBLISHED[algorithm])(
    "wasm gives the published digest of %.20s",
    async (text, digest) => {
      expect(await hash(wasmHasher(algorithm), encodeUtf8(text))).toBe(digest);
    },
  );
});

/** 1000 rounds, each of the last three digests in a row (SHAVS, 6.4). */
function monteCarlo(
  algorithm: "sha256" | "sha512",
  seed: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let last = [seed, seed, seed] as const;
  for (let round = 0; round < 1000; round++) {
    const hasher = wasmHasher(algorithm);
    hasher.update(concatBytes(last));
    last = [last[1], last[2], hasher.digest()];
  }
  return last[2];
}
