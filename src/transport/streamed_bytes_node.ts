import { isRuntime } from "./runtime_name.ts";

/** Below this a copy costs nothing. */
const LEAST_BYTES: number = 1024 * 1024;
/** What goes to the socket at once. */
const PIECE_BYTES: number = 256 * 1024;

/**
 * The same bytes as a stream, on Node alone: its `fetch` copies bytes twice, in one piece, and takes
 * twice as long for a chunk of 8 MiB as with a stream whose chunks go out as they are. Node keeps the
 * `content-length` that is set beside it; where a runtime does not, bytes stay bytes.
 *
 * @param bytes They must lie still until the answer has come.
 * @returns Undefined for what is sent as it is.
 */
export function streamedBytes(
  bytes: Uint8Array<ArrayBuffer>,
): ReadableStream<Uint8Array> | undefined {
  if (bytes.length < LEAST_BYTES || !isRuntime("Node.js")) return undefined;
  return piecesOf(bytes);
}

/** A stream of bytes that copies none of them. */
export function piecesOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      const length = Math.min(PIECE_BYTES, bytes.length - at);
      controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset + at, length));
      at += length;
    },
  }, { highWaterMark: 0 });
}

/**
 * Whether `fetch` is Node's. It sends a stream with the `content-length` that is set beside it; and
 * keeps all of a stream that it sends, in case of a redirect, unless redirects are an error.
 */
export function isNodesFetch(): boolean {
  return isRuntime("Node.js");
}

/** What Node's `fetch` says of a redirect that is an error. */
export function isRedirectError(error: unknown): boolean {
  return error instanceof TypeError && Object(error.cause).message === "unexpected redirect";
}
