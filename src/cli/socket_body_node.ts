import { concatBytes } from "../core/mod.ts";

/** A body that comes over a socket, as a stream. */
export interface SocketBody {
  /** A byte stream: it is read into the reader's own buffers. */
  readonly stream: ReadableStream<Uint8Array>;
  /**
   * Bytes have come. They are copied, as the socket fills its buffer again.
   * @returns Whether it takes more; if not, it resumes the socket by itself.
   */
  take(chunk: Uint8Array<ArrayBuffer>): boolean;
  /** Nothing more comes. An error, unless all is there: told when all that came was read. */
  end(error: unknown): void;
}

/** The socket, as far as its body needs it. */
export interface BodySocket {
  /** Go on reading. */
  resume(): void;
  /** It is of no more use. */
  destroy(): void;
}

/** What a read gives at most: it stays in the processor's caches until it is hashed and written. */
const MOST_AT_ONCE: number = 256 * 1024;

/**
 * A body of a known length over a socket. What comes goes straight into the buffer that its reader
 * has brought; while nobody reads, the socket does not.
 *
 * @param length Bytes of the body. What comes beyond them is dropped.
 */
export function createSocketBody(length: number, socket: BodySocket): SocketBody {
  let left = length; // bytes that nobody has read yet
  let held = new Uint8Array(0); // came when there was no room
  let filled = 0; // of the reader's buffer
  let answer: (() => void) | undefined; // somebody reads, and waits for this
  let ending: { readonly error: unknown } | undefined;
  let flush: NodeJS.Immediate | undefined;
  let isOver = false;
  let controller: ReadableByteStreamController | undefined;

  const finish = (): void => {
    isOver = true;
    clearImmediate(flush);
    socket.destroy();
    answer?.();
  };
  const hand = (): void => {
    const bytes = filled;
    const answered = answer;
    clearImmediate(flush);
    flush = answer = undefined;
    filled = 0;
    left -= bytes;
    controller?.byobRequest?.respond(bytes);
    if (left === 0) {
      finish();
      controller?.close();
    }
    answered?.();
  };
  /** @returns What there was no room for. */
  const fill = (chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const view = controller?.byobRequest?.view as Uint8Array<ArrayBuffer>;
    const room = Math.min(view.byteLength, MOST_AT_ONCE);
    const part = chunk.subarray(0, room - filled);
    new Uint8Array(view.buffer, view.byteOffset + filled).set(part);
    filled += part.length;
    if (filled === room || filled === left) hand();
    else flush ??= setImmediate(hand); // TLS comes by 16 KiB: as many at once as there are
    return chunk.subarray(part.length);
  };
  const fail = (error: unknown): void => {
    controller?.error(error);
    finish();
  };
  const stream = new ReadableStream<Uint8Array>({
    type: "bytes",
    autoAllocateChunkSize: MOST_AT_ONCE,
    start(given): void {
      controller = given as ReadableByteStreamController;
      if (length === 0) given.close();
    },
    pull: () =>
      new Promise((resolve) => {
        answer = resolve;
        if (held.length > 0) held = fill(held);
        if (answer === undefined) return; // there was enough
        if (ending === undefined) socket.resume();
        else if (filled === 0) fail(ending.error);
      }),
    cancel: finish,
  }, { highWaterMark: 0 });
  if (length === 0) finish();
  return {
    stream,
    take(chunk): boolean {
      const wanted = chunk.subarray(0, isOver ? 0 : left - filled - held.length);
      if (wanted.length === 0) return false;
      const rest = answer === undefined || held.length > 0 ? wanted : fill(wanted);
      if (rest.length > 0) held = concatBytes([held, rest]);
      return answer !== undefined;
    },
    end(error): void {
      if (isOver || ending !== undefined) return;
      ending = { error };
      if (answer !== undefined && filled === 0) fail(error); // else at the next read
    },
  };
}
