/** As in `@std/crypto` 1.1: throws when the lengths differ. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) throw new TypeError("The lengths differ");
  return a.every((byte, i) => byte === b[i]);
}
