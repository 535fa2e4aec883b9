import { bytesContent, joinContents, sliceContent } from "./content.ts";
import type { Content } from "./content.ts";
import { crc32 } from "./crc32.ts";

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** Largest stored block of RFC 1951, 3.2.4. */
const BLOCK_BYTES = 65535;
const BLOCK_HEADER_BYTES = 5;
const PIECE_BYTES = 1024 * 1024;
const FEXTRA = 4;

/** Compress bytes with the runtime's gzip. */
export async function compressGzip(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Length of {@linkcode storedGzip} of `size` bytes, without an extra field. */
export function storedGzipSize(size: number): number {
  const blocks = Math.max(1, Math.ceil(size / BLOCK_BYTES));
  return HEADER_BYTES + size + blocks * BLOCK_HEADER_BYTES + TRAILER_BYTES;
}

/**
 * A gzip file of stored blocks: any size, readable at any offset, nothing held. One pass over the
 * content computes its CRC.
 *
 * @param content What it decompresses to.
 * @param padding Extra bytes of the file, none or 2 to 65537, hidden in the header's extra field
 * (RFC 1952, 2.3.1.1), so that a file of an exact length can be made.
 */
export function storedGzip(content: Content, padding = 0): Content {
  const parts: Content[] = [bytesContent(gzipHeader(padding))];
  for (let at = 0; at === 0 || at < content.size; at += BLOCK_BYTES) {
    const end = Math.min(content.size, at + BLOCK_BYTES);
    parts.push(bytesContent(blockHeader(end - at, end === content.size)));
    parts.push(sliceContent(content, at, end));
  }
  return joinContents([...parts, bytesContent(gzipTrailer(content))]);
}

function gzipHeader(padding: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES + padding);
  header.set([0x1f, 0x8b, 8, padding > 0 ? FEXTRA : 0, 0, 0, 0, 0, 0, 255]);
  if (padding > 0) new DataView(header.buffer).setUint16(HEADER_BYTES, padding - 2, true);
  return header;
}

function blockHeader(length: number, isLast: boolean): Uint8Array {
  const header = new DataView(new ArrayBuffer(BLOCK_HEADER_BYTES));
  header.setUint8(0, isLast ? 1 : 0);
  header.setUint16(1, length, true);
  header.setUint16(3, ~length & 0xffff, true);
  return new Uint8Array(header.buffer);
}

function gzipTrailer(content: Content): Uint8Array {
  let crc = 0;
  for (let at = 0; at < content.size; at += PIECE_BYTES) {
    crc = crc32(content.read(at, Math.min(content.size, at + PIECE_BYTES)), crc);
  }
  const trailer = new DataView(new ArrayBuffer(TRAILER_BYTES));
  trailer.setUint32(0, crc, true);
  trailer.setUint32(4, content.size % 2 ** 32, true);
  return new Uint8Array(trailer.buffer);
}
