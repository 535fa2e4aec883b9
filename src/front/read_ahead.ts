import { concatBytes } from "../core/mod.ts";
import type { ByteReader } from "../verify/mod.ts";

/** A body whose beginning has been read, and that can still be read from its first byte. */
export interface AheadReader {
  readonly reader: ByteReader;
  /** Bytes of the whole body, if it ended within what was read; undefined for a longer one. */
  readonly size: number | undefined;
}

/**
 * Read a body of unknown length until it has ended or is longer than `most` bytes, to learn which.
 *
 * @throws What the reader throws.
 */
export async function readAhead(reader: ByteReader, most: number): Promise<AheadReader> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length <= most) {
    const chunk = await reader.read();
    if (chunk === undefined) return { reader: replay(parts, reader), size: length };
    parts.push(chunk.slice());
    length += chunk.length;
  }
  return { reader: replay(parts, reader), size: undefined };
}

/** What was read already as one chunk, then what the reader still gives. */
function replay(parts: readonly Uint8Array[], reader: ByteReader): ByteReader {
  let ahead: Uint8Array | undefined = parts.length === 0 ? undefined : concatBytes(parts);
  return {
    async read(): Promise<Uint8Array | undefined> {
      if (ahead === undefined) return await reader.read();
      const chunk = ahead;
      ahead = undefined;
      return chunk;
    },
    cancel: (reason) => reader.cancel(reason),
    get owned(): boolean {
      return reader.owned === true;
    },
  };
}
