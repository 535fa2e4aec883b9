/**
 * For Deno projects that hash with `@std/crypto` already: the same hashes behind the `Hasher` port,
 * and its constant-time comparison. Exported from `deno.json` alone, as `./std-crypto`.
 *
 * In: bytes in pieces. Out: digests. Next: the `hasher` option of the registry client.
 * @module
 */
import { crypto as stdCrypto } from "@std/crypto";
import { timingSafeEqual as stdTimingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { HashAlgorithm, Hasher } from "../core/mod.ts";

const NAMES: Readonly<Record<HashAlgorithm, "SHA-256" | "SHA-512">> = {
  sha256: "SHA-256",
  sha512: "SHA-512",
};

interface Piece {
  readonly chunk: Uint8Array;
  /** Called when the reader has come back for more, so that the chunk's buffer is free again. */
  readonly consumed: () => void;
  readonly next: Promise<Piece | undefined>;
}

/**
 * A hasher over `crypto.subtle.digest` of `@std/crypto`, which takes an iterable and has no `update`:
 * each piece is handed over when the digest asks for it, so nothing piles up. Its state cannot be
 * saved, and it runs on WASM at a fifth of the speed of {@linkcode createHasher}'s native hash.
 */
export function stdHasher(algorithm: HashAlgorithm): Hasher {
  let offer = Promise.withResolvers<Piece | undefined>();
  const digest = stdCrypto.subtle.digest(NAMES[algorithm], pieces(offer.promise));
  digest.catch(() => {}); // an aborted hash has nobody to wait for it
  return {
    algorithm,
    async update(chunk): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const next = Promise.withResolvers<Piece | undefined>();
      offer.resolve({ chunk, consumed: resolve, next: next.promise });
      offer = next;
      await Promise.race([promise, digest]); // a digest that fails must not leave this waiting
    },
    async digest(): Promise<Uint8Array<ArrayBuffer>> {
      offer.resolve(undefined);
      return new Uint8Array(await digest);
    },
    abort(): void {
      offer.promise.catch(() => {});
      offer.reject(new Error("The hash was given up"));
    },
  };
}

async function* pieces(first: Promise<Piece | undefined>): AsyncGenerator<BufferSource> {
  for (let piece = await first; piece; piece = await piece.next) {
    yield piece.chunk as Uint8Array<ArrayBuffer>;
    piece.consumed();
  }
}

/** `timingSafeEqual` of `@std/crypto`, but false for different lengths, where that throws. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && stdTimingSafeEqual(a, b);
}
