const SLICES = 4;

/** `TABLES[k][b]`: the CRC of byte `b` followed by `k` zero bytes. */
const TABLES: readonly Int32Array[] = createTables();

function createTables(): Int32Array[] {
  const tables = [Int32Array.from({ length: 256 }, (_, byte) => shiftBits(byte))];
  for (let k = 1; k < SLICES; k++) {
    const [first, previous] = [at(tables, 0), at(tables, k - 1)];
    tables.push(previous.map((x) => (first[x & 0xff] as number) ^ (x >>> 8)));
  }
  return tables;
}

function shiftBits(byte: number): number {
  let x = byte;
  for (let i = 0; i < 8; i++) x = x & 1 ? (x >>> 1) ^ 0xedb88320 : x >>> 1;
  return x;
}

function at(tables: readonly Int32Array[], k: number): Int32Array {
  return tables[k] as Int32Array;
}

/**
 * CRC-32 as gzip uses it (RFC 1952, 8), four bytes a step.
 *
 * @param bytes The next bytes.
 * @param previous The result for what came before. Default is none.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3] = [at(TABLES, 0), at(TABLES, 1), at(TABLES, 2), at(TABLES, 3)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - bytes.length % SLICES;
  let x = ~previous;
  for (let i = 0; i < whole; i += SLICES) {
    const word = x ^ view.getInt32(i, true);
    x = (t3[word & 0xff] as number) ^ (t2[(word >>> 8) & 0xff] as number) ^
      (t1[(word >>> 16) & 0xff] as number) ^ (t0[word >>> 24] as number);
  }
  for (let i = whole; i < bytes.length; i++) {
    x = (t0[(x ^ (bytes[i] as number)) & 0xff] as number) ^ (x >>> 8);
  }
  return ~x >>> 0;
}
