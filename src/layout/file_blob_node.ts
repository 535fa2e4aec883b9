import { type FileHandle, open } from "node:fs/promises";
import { encodeUtf8, type Hasher, TidegateError, timingSafeEqual } from "../core/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { type Digest, digestAlgorithm, formatDigest } from "../reference/mod.ts";
import { type ByteReader, fillingReader } from "../verify/mod.ts";
import { diskError } from "./disk_node.ts";
import type { BlobKey, LayoutBlob } from "./layout.ts";

/** What one read asks for where the consumer brings no buffer of its own. */
const READ_BYTES: number = 256 * 1024;

/** Where a blob's bytes are: a file, or a part of one. */
export interface FilePart {
  readonly path: string;
  /** Where its first byte is. */
  readonly start: number;
  /** What an error calls it: the path, and in an archive the entry. */
  readonly label: string;
}

/**
 * A blob in a file. Each stream opens the file when it is first read, and closes it with itself.
 *
 * @param verify Whether streams of the whole are verified.
 */
export function fileBlob(part: FilePart, blob: BlobKey, verify: boolean): LayoutBlob {
  return {
    size: blob.size,
    slice: (start, end = blob.size) => byteStream(part.label, openPart(start, end)),
    read: (start) => byteReader(part.label, openPart(start, blob.size)),
  };

  function openPart(start: number, end: number): OpenPart {
    if (!Number.isSafeInteger(start) || start < 0 || end < start) {
      throw new TypeError(`${start} to ${end} is no part of ${blob.size} bytes`);
    }
    const last = Math.min(end, blob.size);
    const isWhole = start === 0 && last === blob.size;
    return readPart(part, blob, start, last, verify && isWhole);
  }
}

/** The error for a blob that is not what its digest says. */
export function corrupt(
  path: string,
  digest: Digest,
  reason: string,
  cause?: unknown,
): TidegateError<"CACHE_CORRUPT"> {
  const message = `${path} is damaged: ${reason}`;
  const options = cause === undefined ? {} : { cause };
  return new TidegateError("CACHE_CORRUPT", message, { path, digest, reason }, options);
}

/** A part of a file that is being read. */
interface OpenPart {
  /** Read the next bytes into a buffer, and say how many; the last come when the digest is right. */
  fill(view: Uint8Array): Promise<number>;
  isDone(): boolean;
  close(): Promise<void>;
}

/** It opens the file when it is first read. */
function readPart(
  part: FilePart,
  { digest }: BlobKey,
  start: number,
  end: number,
  verify: boolean,
): OpenPart {
  const hasher = verify ? createHasher(digestAlgorithm(digest)) : undefined;
  let file: FileHandle | undefined;
  let position = start;
  let isVerified = false;
  return {
    async fill(view): Promise<number> {
      file ??= await open(part.path);
      const most = Math.min(view.length, end - position);
      const { bytesRead } = await file.read(view, 0, most, part.start + position);
      if (bytesRead === 0 && position < end) throw cutShort(part, digest, position, end);
      position += bytesRead;
      if (hasher && bytesRead > 0) await hasher.update(view.subarray(0, bytesRead));
      if (hasher && position === end && !isVerified) {
        await assertDigest(part, digest, hasher);
        isVerified = true;
      }
      return bytesRead;
    },
    isDone: () => position === end,
    async close(): Promise<void> {
      const opened = file;
      file = undefined;
      await opened?.close();
      hasher?.abort?.();
    },
  };
}

/** Into the buffers that the consumer brings. */
function byteStream(label: string, { fill, isDone, close }: OpenPart): ReadableStream<Uint8Array> {
  const pull = async (controller: ReadableByteStreamController): Promise<void> => {
    const { byobRequest } = controller;
    const view = byobRequest?.view as Uint8Array<ArrayBuffer>; // there is one: autoAllocateChunkSize
    try {
      const filled = await fill(view);
      if (isDone()) await close();
      if (filled === 0) controller.close();
      byobRequest?.respond(filled);
      if (filled > 0 && isDone()) controller.close();
    } catch (cause) {
      await close();
      throw diskError(label, cause);
    }
  };
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: READ_BYTES,
    pull,
    cancel: close,
  });
}

/** In a buffer that is used again. */
function byteReader(name: string, { fill, close }: OpenPart): ByteReader {
  const toDiskError = (cause: unknown): never => {
    throw diskError(name, cause);
  };
  return fillingReader({ name, fill: (buffer) => fill(buffer).catch(toDiskError), close });
}

/** @throws {TidegateError} CACHE_CORRUPT when the hash is another. */
async function assertDigest(part: FilePart, digest: Digest, hasher: Hasher): Promise<void> {
  const computed = formatDigest(hasher.algorithm, await hasher.digest());
  if (timingSafeEqual(encodeUtf8(computed), encodeUtf8(digest))) return;
  throw corrupt(part.label, digest, `its digest is ${computed}, but must be ${digest}`);
}

function cutShort(part: FilePart, digest: Digest, at: number, end: number): TidegateError {
  return corrupt(part.label, digest, `it ends after ${at} of ${end} bytes`);
}
