import { type FileHandle, open, stat } from "node:fs/promises";
import { systemClock, TidegateError, withDeadline } from "../core/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { BlobSource } from "./blob_source.ts";

/** What one read asks for: it stays in the processor's cache until it is hashed and copied. */
const READ_BYTES: number = 256 * 1024;

const STALL_MS = 5 * 60_000; // a file may be on another machine

/**
 * A file to push, on runtimes that have files: Node, Deno, Bun. It is opened when it is read, and
 * closed with the stream that reads it; it must not change meanwhile.
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
    read: (start) => readFile(path, start),
  };
}

/** Its bytes, all in the same buffer: a stream between costs a fifth of what a push takes on Deno. */
async function readFile(path: string, start: number): Promise<ByteReader> {
  const file = await open(path);
  const buffer = new Uint8Array(READ_BYTES);
  let position = start;
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await file.close();
  };
  return {
    async read(): Promise<Uint8Array | undefined> {
      if (isClosed) return undefined;
      try {
        const reading = file.read(buffer, 0, buffer.length, position);
        const wait = { origin: path, clock: systemClock, stallMs: STALL_MS };
        const { bytesRead } = await withDeadline(reading, wait);
        position += bytesRead;
        if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      } catch (cause) {
        close().catch(() => {}); // not waited for: it is behind the read that hangs
        throw cause;
      }
      await close();
      return undefined;
    },
    cancel: close,
  };
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
