import { encodeUtf8 } from "../core/mod.ts";
import { bytesContent, joinContents } from "./content.ts";
import type { Content } from "./content.ts";

/** Tar's unit: headers and padded files are multiples of it. */
export const TAR_BLOCK_BYTES = 512;

/** A regular file of a layer. */
export interface TarFile {
  /** Path without a leading slash, at most 100 bytes. */
  readonly path: string;
  readonly content: Content;
}

/** A tar archive (POSIX ustar) of regular files, owned by root, dated 1970: the same bytes every time. */
export function tarContent(files: readonly TarFile[]): Content {
  const parts = files.flatMap(({ path, content }) => [
    bytesContent(tarHeader(path, content.size)),
    content,
    zeros((TAR_BLOCK_BYTES - content.size % TAR_BLOCK_BYTES) % TAR_BLOCK_BYTES),
  ]);
  return joinContents([...parts, zeros(2 * TAR_BLOCK_BYTES)]);
}

function zeros(size: number): Content {
  return bytesContent(new Uint8Array(size));
}

function tarHeader(path: string, size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(TAR_BLOCK_BYTES);
  const put = (offset: number, text: string): void => header.set(encodeUtf8(text), offset);
  put(0, path);
  put(100, "0000644\0" + "0000000\0" + "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        "); // the checksum counts its own field as blanks
  put(156, "0");
  put(257, "ustar\0" + "00");
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  put(148, `${checksum.toString(8).padStart(6, "0")}\0 `);
  return header;
}
