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
  /** An error at once. */
  abort(error: unknown): void;
}

/** The socket, as far as its body needs it. */
export interface BodySocket {
  /** Go on reading. */
  resume(): void;
  /** It is of no more use. */
  destroy(): void;
}

/** What a read gives at most: it stays in the processor's caches until it is hashed and written. */
const MAX_CHUNK_BYTES: number = 256 * 1024;
/** What a socket may bring after it was told to stop: the rest of one read, and no more. */
const MAX_HELD_BYTES: number = 1024 * 1024;

interface OpenedStream {
  readonly stream: ReadableStream<Uint8Array>;
  readonly controller: ReadableByteStreamController;
}

/** A byte stream without a queue. */
function openStream(pull: () => Promise<void>, cancel: () => void): OpenedStream {
  let controller: ReadableByteStreamController | undefined;
  const stream = new ReadableStream<Uint8Array>({
    type: "bytes",
    autoAllocateChunkSize: MAX_CHUNK_BYTES,
    start(given): void {
      controller = given as ReadableByteStreamController;
    },
    pull,
    cancel,
  }, { highWaterMark: 0 });
  if (controller === undefined) throw new TypeError("A stream starts when it is made");
  return { stream, controller };
}

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
    controller.byobRequest?.respond(bytes);
    if (left === 0) {
      finish();
      controller.close();
      controller.byobRequest?.respond(0); // of who wanted more: only this ends his read
    }
    answered?.();
  };
  /** @returns What there was no room for. */
  const fill = (chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const view = controller.byobRequest?.view as Uint8Array<ArrayBuffer>;
    const room = Math.min(view.byteLength, MAX_CHUNK_BYTES);
    const part = chunk.subarray(0, room - filled);
    new Uint8Array(view.buffer, view.byteOffset + filled).set(part);
    filled += part.length;
    if (filled === room || filled === left) hand();
    else flush ??= setImmediate(hand); // TLS comes by 16 KiB: as many at once as there are
    return chunk.subarray(part.length);
  };
  const fail = (error: unknown): void => {
    if (isOver) return;
    controller.error(error);
    finish();
  };
  const pull = (): Promise<void> =>
    new Promise((resolve) => {
      answer = resolve;
      if (held.length > 0) held = fill(held);
      if (answer === undefined) return; // there was enough
      if (ending === undefined) socket.resume();
      else if (filled === 0) fail(ending.error);
    });
  const { controller, stream } = openStream(pull, finish);
  if (length === 0) hand();
  return {
    stream,
    take(chunk): boolean {
      const wanted = chunk.subarray(0, isOver ? 0 : left - filled - held.length);
      if (wanted.length === 0) return false;
      const rest = answer === undefined || held.length > 0 ? wanted : fill(wanted);
      if (held.length + rest.length > MAX_HELD_BYTES) fail(new TypeError("The socket runs on"));
      else if (rest.length > 0) held = concatBytes([held, rest]);
      return !isOver && answer !== undefined;
    },
    end(error): void {
      if (isOver || ending !== undefined) return;
      ending = { error };
      if (answer !== undefined && filled === 0) fail(error); // else at the next read
    },
    abort: fail,
  };
}
