import { concatBytes } from "../core/mod.ts";

/**
 * Bytes that can be read at any offset, held or generated. A blob of 1 GiB costs no memory when its
 * content is a function of the offset.
 */
export interface Content {
  /** Length in bytes. */
  readonly size: number;
  /** The bytes from `start` up to, not including, `end`; both within `0..size`. */
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
}

/** Content held in memory. */
export function bytesContent(bytes: Uint8Array): Content {
  const held = Uint8Array.from(bytes);
  return { size: held.length, read: (start, end) => held.slice(start, end) };
}

/**
 * Pseudo-random bytes made from a seed and the offset: incompressible, the same on every machine,
 * no two regions alike.
 *
 * @param seed Any 32-bit integer; another seed gives unrelated bytes.
 * @param size Length in bytes, below 16 GiB.
 */
export function generatedContent(seed: number, size: number): Content {
  const base = mix(seed ^ 0x5bd1e995);
  return { size, read: (start, end) => generate(base, start, end) };
}

function generate(base: number, start: number, end: number): Uint8Array<ArrayBuffer> {
  const first = Math.floor(start / 4);
  const words = new Uint32Array(Math.ceil(end / 4) - first);
  for (let i = 0; i < words.length; i++) words[i] = mix(base + first + i);
  return new Uint8Array(words.buffer, start - 4 * first, end - start);
}

/** A bijection of 32-bit integers whose neighbours have nothing in common (multiply and xor-shift rounds). */
function mix(value: number): number {
  let x = Math.imul(value, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca77);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae3d);
  return x ^ (x >>> 16);
}

/** Several contents one after the other. */
export function joinContents(parts: readonly Content[]): Content {
  const kept = parts.filter((part) => part.size > 0);
  const ends: number[] = [];
  for (const part of kept) ends.push((ends.at(-1) ?? 0) + part.size);
  return { size: ends.at(-1) ?? 0, read: (start, end) => readJoined(kept, ends, start, end) };
}

function readJoined(
  parts: readonly Content[],
  ends: readonly number[],
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  for (let i = firstAbove(ends, start), at = start; at < end; i++) {
    const part = parts[i];
    const partEnd = ends[i];
    if (part === undefined || partEnd === undefined) break;
    const partStart = partEnd - part.size;
    const until = Math.min(end, partEnd);
    pieces.push(part.read(at - partStart, until - partStart));
    at = until;
  }
  return pieces.length === 1 ? pieces[0] as Uint8Array<ArrayBuffer> : concatBytes(pieces);
}

/** Index of the first entry greater than `value` in an ascending list. */
function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of a content from `start` up to, not including, `end`. */
export function sliceContent(content: Content, start: number, end: number): Content {
  return {
    size: Math.max(0, end - start),
    read: (from, to) => content.read(start + from, start + to),
  };
}

/** The same content with one bit inverted. */
export function flipBit(content: Content, offset: number, bit = 0): Content {
  return {
    size: content.size,
    read(start, end): Uint8Array<ArrayBuffer> {
      const bytes = content.read(start, end).slice();
      if (offset >= start && offset < end) {
        bytes[offset - start] = (bytes[offset - start] ?? 0) ^ (1 << bit);
      }
      return bytes;
    },
  };
}

/** A whole content as bytes. For small ones. */
export function contentBytes(content: Content): Uint8Array<ArrayBuffer> {
  return content.read(0, content.size);
}

/** A content of which the size alone was kept. Reading it is a mistake of the test: TypeError. */
export function sizedContent(size: number): Content {
  return {
    size,
    read(): never {
      throw new TypeError("The content of this blob was not kept");
    },
  };
}
