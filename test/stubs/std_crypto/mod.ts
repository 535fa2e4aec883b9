/**
 * Stands in for `@std/crypto` where there is no JSR: the same signatures, over WebCrypto.
 *
 * In: bytes, or an iterable of them. Out: a digest. Next: nothing.
 * @module
 */

/** What a digest is taken of. */
export type DigestInput = BufferSource | AsyncIterable<BufferSource> | Iterable<BufferSource>;

/** `crypto` with a `digest` that takes iterables, of which each piece is used before the next is asked for. */
export const crypto: {
  readonly subtle: { digest(algorithm: string, data: DigestInput): Promise<ArrayBuffer> };
} = {
  subtle: {
    async digest(algorithm, data): Promise<ArrayBuffer> {
      const copies: Uint8Array<ArrayBuffer>[] = [];
      if (isBufferSource(data)) copies.push(copyOf(data));
      else for await (const piece of data) copies.push(copyOf(piece));
      return await globalThis.crypto.subtle.digest(algorithm, await new Blob(copies).arrayBuffer());
    },
  },
};

function isBufferSource(data: DigestInput): data is BufferSource {
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

function copyOf(piece: BufferSource): Uint8Array<ArrayBuffer> {
  if (!isBufferSource(piece)) throw new TypeError("Cannot digest what is not bytes");
  if (!ArrayBuffer.isView(piece)) return new Uint8Array(piece.slice(0));
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength).slice();
}
