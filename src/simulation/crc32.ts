const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let x = byte;
  for (let i = 0; i < 8; i++) x = x & 1 ? (x >>> 1) ^ 0xedb88320 : x >>> 1;
  return x;
});

/**
 * CRC-32 as gzip uses it (RFC 1952, 8).
 *
 * @param bytes The next bytes.
 * @param previous The result for what came before. Default is none.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let x = ~previous;
  for (let i = 0; i < bytes.length; i++) {
    x = (TABLE[(x ^ (bytes[i] as number)) & 0xff] as number) ^ (x >>> 8);
  }
  return ~x >>> 0;
}
