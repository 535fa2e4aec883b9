import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { tooLong } from "../core/mod.ts";
import { diskError, onDisk, writeAll } from "./disk_node.ts";
import type { OpenArchiveOptions } from "./image_archive.ts";
import { readPart } from "./read_file_node.ts";
import { invalidArchive } from "./tar_entries_node.ts";

/** An archive in a file that can be read at any place. */
export interface Spooled {
  readonly path: string;
  /** Remove what was written aside. */
  remove(): Promise<void>;
}

/** The largest that is written aside unasked. 64 KiB of gzip can hold 64 MiB. */
const MAXIMUM_BYTES: number = 64 * 1024 ** 3;

/** A file as it is, or what a stream or gzip holds, in a file aside. */
export async function spoolArchive(
  input: string | ReadableStream<Uint8Array>,
  label: string,
  { temporaryDirectory, maximumBytes = MAXIMUM_BYTES }: OpenArchiveOptions,
): Promise<Spooled> {
  if (typeof input === "string" && !await isGzip(input, label)) {
    return { path: input, remove: () => Promise.resolve() };
  }
  const parent = temporaryDirectory ?? tmpdir();
  const folder = await onDisk(parent, () => mkdtemp(join(parent, "tidegate-archive-")));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    let path = typeof input === "string" ? input : join(folder, "stream");
    if (typeof input !== "string") await onDisk(path, () => keep(input, path, maximumBytes));
    if (await isGzip(path, label)) path = await unzip(path, folder, label, maximumBytes);
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function isGzip(path: string, label: string): Promise<boolean> {
  const first = await onDisk(label, () => readPart(path, 0, 4));
  if (first === undefined) throw invalidArchive(label, "it is cut short");
  if (first[0] === 0x28 && first[1] === 0xb5) {
    throw invalidArchive(label, "it is compressed with zstd: unpack it first");
  }
  return first[0] === 0x1f && first[1] === 0x8b;
}

async function unzip(
  from: string,
  folder: string,
  label: string,
  maximum: number,
): Promise<string> {
  const to = join(folder, "archive.tar");
  try {
    await pipeline(
      createReadStream(from),
      createGunzip(),
      (chunks: AsyncIterable<Uint8Array>) => keep(chunks, to, maximum),
    );
  } catch (cause) {
    const { code } = Object(cause) as { readonly code?: unknown };
    if (typeof code !== "string" || !code.startsWith("Z_")) throw diskError(to, cause);
    throw invalidArchive(label, "its compression is broken", { cause });
  }
  return to;
}

async function keep(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  maximum: number,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    let position = 0;
    for await (const chunk of chunks) {
      if (position + chunk.length > maximum) throw tooLong("archive", maximum);
      await writeAll(file, chunk, position);
      position += chunk.length;
    }
  } finally {
    await file.close();
  }
}
