import { decodeHex, type HashAlgorithm } from "../core/mod.ts";

/** What tells one SHA-2 function from another. */
export interface Sha2Parameters {
  readonly algorithm: HashAlgorithm;
  /** Bytes of a word: 4 or 8. */
  readonly wordLength: 4 | 8;
  /** Bytes of a block: 64 or 128. */
  readonly blockLength: number;
  /** The initial hash value, 8 big-endian words. */
  readonly initial: Uint8Array<ArrayBuffer>;
}

/** FIPS 180-4, 5.3.3. */
export const SHA256: Sha2Parameters = {
  algorithm: "sha256",
  wordLength: 4,
  blockLength: 64,
  initial: /* @__PURE__ */ decodeHex(
    "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19",
  ),
};

/** FIPS 180-4, 5.3.5. */
export const SHA512: Sha2Parameters = {
  algorithm: "sha512",
  wordLength: 8,
  blockLength: 128,
  initial: /* @__PURE__ */ decodeHex(
    "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1" +
      "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179",
  ),
};

/** A copy with the bytes of each word reversed: between WASM's little-endian words and the standard's. */
export function swapWords(bytes: Uint8Array, wordLength: number): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += wordLength) {
    swapped.set(bytes.slice(at, at + wordLength).reverse(), at);
  }
  return swapped;
}
