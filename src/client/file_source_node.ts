import { type FileHandle, open, stat } from "node:fs/promises";
import { TidegateError } from "../core/mod.ts";
import { type ByteReader, fillingReader } from "../verify/mod.ts";
import type { BlobSource } from "./blob_source.ts";

/** What one read asks for where the consumer brings no buffer of its own. */
const READ_BYTES: number = 256 * 1024;

/**
 * A file to push, on runtimes that have files: Node, Deno, Bun. It is opened when it is read, and
 * closed by what reads it, a reader or a stream; it must not change meanwhile.
 *
 * @throws {TidegateError} UPLOAD_FAILED when it cannot be read, or is no file.
 */
export async function fileSource(path: string): Promise<BlobSource & { readonly size: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(`${path} cannot be read`, cause);
  });
  if (!found.isFile()) throw unreadable(`${path} is not a file`);
  return {
    size: found.size,
    slice: (start, end) => streamFile(path, start, end),
    read: (start) => fileReader(path, start),
  };
}

/** Its bytes, in a buffer that is used again. */
function fileReader(path: string, start: number): ByteReader {
  let file: FileHandle | undefined;
  let position = start;
  return fillingReader({
    name: path,
    async fill(buffer): Promise<number> {
      file ??= await open(path);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      position += bytesRead;
      return bytesRead;
    },
    async close(): Promise<void> {
      const opened = file;
      file = undefined;
      await opened?.close();
    },
  });
}

/** A part of it, read into the buffers that the consumer brings. */
function streamFile(path: string, start: number, end = Infinity): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined;
  let position = start;
  const close = async (): Promise<void> => await file?.close();
  const pull = async (controller: ReadableByteStreamController): Promise<void> => {
    const { byobRequest } = controller;
    const view = byobRequest?.view as Uint8Array<ArrayBuffer>; // there is one: autoAllocateChunkSize
    try {
      file ??= await open(path);
      const most = Math.min(view.length, end - position);
      const { bytesRead } = await file.read(view, 0, most, position);
      position += bytesRead;
      if (bytesRead === 0) {
        await close();
        controller.close();
      }
      byobRequest?.respond(bytesRead);
    } catch (cause) {
      await close();
      throw cause;
    }
  };
  const autoAllocateChunkSize = READ_BYTES;
  return new ReadableStream({ type: "bytes", autoAllocateChunkSize, pull, cancel: close });
}

function unreadable(reason: string, cause?: unknown): TidegateError<"UPLOAD_FAILED"> {
  return new TidegateError("UPLOAD_FAILED", `The upload failed: ${reason}`, { reason }, { cause });
}
