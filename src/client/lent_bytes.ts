/**
 * The same bytes as a body for `fetch`, which copies it. Deno does so by `slice()`: copies of 8 MiB
 * each become garbage faster than V8 collects it, 110 MiB of it. Here the copy of all is the bytes
 * themselves. The other runtimes copy in other ways, and are not concerned.
 *
 * @param bytes They must lie still until the answer has come.
 */
export function lendBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  /** What `slice()` and `subarray()` make their results with (ECMA-262 23.2.4.1). */
  function Copy(...of: readonly [number] | readonly [ArrayBuffer, number, number]): Uint8Array {
    if (of.length > 1) return new Uint8Array(...of as [ArrayBuffer, number, number]);
    return of[0] === bytes.length ? bytes : new Uint8Array(of[0] as number);
  }
  class LentBytes extends Uint8Array<ArrayBuffer> {
    static get [Symbol.species](): unknown {
      return Copy;
    }
  }
  return new LentBytes(bytes.buffer, bytes.byteOffset, bytes.length);
}
