import type { HashAlgorithm } from "../core/mod.ts";
import { firstPrimes, rootFraction } from "./root_fraction.ts";

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
  initial: /* @__PURE__ */ initialHash(4),
};

/** FIPS 180-4, 5.3.5. */
export const SHA512: Sha2Parameters = {
  algorithm: "sha512",
  wordLength: 8,
  blockLength: 128,
  initial: /* @__PURE__ */ initialHash(8),
};

/** The first bits of the fractional parts of the square roots of the first 8 primes. */
function initialHash(wordLength: 4 | 8): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(8 * wordLength + 8));
  firstPrimes(8).forEach((prime, i) => view.setBigUint64(i * wordLength, rootFraction(prime, 2n)));
  return new Uint8Array(view.buffer, 0, 8 * wordLength);
}

/** A copy with the bytes of each word reversed: between WASM's little-endian words and the standard's. */
export function swapWords(bytes: Uint8Array, wordLength: number): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += wordLength) {
    swapped.set(bytes.slice(at, at + wordLength).reverse(), at);
  }
  return swapped;
}
