import { lentChunks } from "./lent_chunks.ts";
import { formatTarHeader, paddingOf, TAR_BLOCK_BYTES } from "./tar_header.ts";

/** Writes an archive from its first byte to its last. One call at a time. */
export interface TarWriter {
  /** Add a directory; its name ends with `/`. */
  directory(name: string): Promise<void>;
  /**
   * Add a file of a size that is known before.
   * @throws {TypeError} If the stream has another length: the archive is broken then.
   */
  file(name: string, size: number, content: ReadableStream<Uint8Array>): Promise<void>;
  /** End the archive, with two empty blocks. The sink stays open. */
  end(): Promise<void>;
}

/**
 * A writer of tar archives, with nothing but a block in memory.
 *
 * @param write Takes the bytes; it has done with a chunk when it resolves.
 * @param signal Aborting it ends a file with the signal's reason.
 */
export function createTarWriter(
  write: (chunk: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): TarWriter {
  return {
    directory: (name) => write(formatTarHeader(name, 0)),
    async file(name, size, content): Promise<void> {
      await write(formatTarHeader(name, size));
      let length = 0;
      for await (const chunk of lentChunks(content)) {
        signal?.throwIfAborted();
        length += chunk.length;
        if (length > size) throw new TypeError(`${name} is longer than ${size} bytes`);
        await write(chunk);
      }
      if (length < size) throw new TypeError(`${name} has ${length} of ${size} bytes`);
      if (paddingOf(size) > 0) await write(new Uint8Array(paddingOf(size)));
    },
    end: () => write(new Uint8Array(2 * TAR_BLOCK_BYTES)),
  };
}
