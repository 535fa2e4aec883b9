import { abortable, type Clock, isTidegateError, TidegateError } from "../core/mod.ts";
import { type ByteReader, readerOf } from "../verify/mod.ts";

/** Bytes of a {@linkcode BlobSource}. */
export type BlobSlice = Uint8Array | Blob | ReadableStream<Uint8Array>;

/**
 * Bytes that can be read again from any offset: a file, an object in a store. A `Blob` is one. An
 * upload of it can start again from zero where the registry has forgotten it.
 */
export interface BlobSource {
  /** All bytes, when known. */
  readonly size?: number | undefined;
  /** The bytes from `start` up to, but without, `end`; without `end` up to the last. */
  slice(start: number, end?: number): BlobSlice | Promise<BlobSlice>;
  /**
   * The bytes from `start` to the last, in buffers that it uses again: saves a copy. Undefined where
   * it has nothing better than `slice`.
   */
  read?(start: number): ByteReader | Promise<ByteReader | undefined>;
}

/** What can be pushed. A stream is read once: what is lost on the way cannot be sent again from it. */
export type PushSource = Uint8Array | Blob | ReadableStream<Uint8Array> | BlobSource;

/** A source, whatever it is made of. */
export interface OpenableSource {
  /** Its length, when it knows. */
  readonly size: number | undefined;
  /** Whether it can be opened more than once. */
  readonly replayable: boolean;
  /**
   * Read from an offset to the end. A stream reads and drops what is before.
   * @throws {TidegateError} UPLOAD_FAILED when it cannot be read, or ends before the offset.
   */
  open(offset: number, signal: AbortSignal | undefined): Promise<ByteReader>;
  /** Nothing more will be read: what is open is closed. */
  cancel(reason: unknown): void;
}

const SOURCE_STALL_MS = 5 * 60_000; // a build that writes into a pipe may think for a while

/**
 * One way to read all sources.
 * @throws {TypeError} If it is none, or a stream that is being read already.
 */
export function openSource(source: PushSource, clock: Clock): OpenableSource {
  if (source instanceof ReadableStream) return streamSource(source, clock);
  if (source instanceof Uint8Array) {
    const slice = (start: number): Uint8Array => source.subarray(start);
    return slicedSource({ size: source.length, slice }, clock);
  }
  const { slice } = Object(source) as Partial<BlobSource>;
  if (typeof source === "object" && typeof slice === "function") {
    return slicedSource(source, clock);
  }
  throw new TypeError("A blob is pushed from bytes, a Blob, a stream or an object with slice()");
}

function slicedSource(source: BlobSource, clock: Clock): OpenableSource {
  let reader: ByteReader | undefined;
  return {
    size: source.size,
    replayable: true,
    async open(offset, signal): Promise<ByteReader> {
      try {
        const read = await source.read?.(offset);
        if (read !== undefined) return reader = withSourceErrors(leavable(read, signal), signal);
        const slice = await source.slice(offset);
        reader = slice instanceof Uint8Array ? bytesReader(slice) : bodyReader(
          slice instanceof ReadableStream ? slice : slice.stream(),
          clock,
          signal,
        );
        return reader;
      } catch (cause) {
        throw unreadable(cause);
      }
    },
    cancel(reason): void {
      reader?.cancel(reason).catch(() => {});
    },
  };
}

function streamSource(stream: ReadableStream<Uint8Array>, clock: Clock): OpenableSource {
  if (stream.locked) throw new TypeError("The stream is being read already");
  let reader: ByteReader | undefined;
  return {
    size: undefined,
    replayable: false,
    async open(offset, signal): Promise<ByteReader> {
      if (reader !== undefined) throw unreadable(undefined, "a stream can be read only once");
      reader = bodyReader(stream, clock, signal);
      return await dropFirst(reader, offset);
    },
    cancel(reason): void {
      (reader ?? stream).cancel(reason).catch(() => {});
    },
  };
}

function bytesReader(bytes: Uint8Array): ByteReader {
  let rest: Uint8Array | undefined = bytes;
  return {
    owned: true,
    read(): Promise<Uint8Array | undefined> {
      const chunk = rest;
      rest = undefined;
      return Promise.resolve(chunk?.length ? chunk : undefined);
    },
    cancel: () => Promise.resolve(),
  };
}

function bodyReader(
  body: ReadableStream<Uint8Array>,
  clock: Clock,
  signal: AbortSignal | undefined,
): ByteReader {
  const response = { body, url: "", release(): void {} };
  const reader = readerOf(response, { clock, stallMs: SOURCE_STALL_MS, signal });
  return withSourceErrors(reader, signal);
}

/** A caller's reader, which knows nothing of the signal: an abort does not wait for it. */
function leavable(reader: ByteReader, signal: AbortSignal | undefined): ByteReader {
  return {
    read: () => abortable(reader.read(), signal),
    cancel: (reason) => reader.cancel(reason),
  };
}

function withSourceErrors(reader: ByteReader, signal: AbortSignal | undefined): ByteReader {
  return {
    read: () =>
      reader.read().catch((cause) => {
        throw signal?.aborted ? signal.reason : unreadable(cause);
      }),
    cancel: (reason) => reader.cancel(reason),
  };
}

/** The reader, with the first bytes read and dropped. */
async function dropFirst(reader: ByteReader, count: number): Promise<ByteReader> {
  let left = count;
  let held: Uint8Array | undefined;
  while (left > 0 && held === undefined) {
    const chunk = await reader.read();
    if (chunk === undefined) {
      throw unreadable(undefined, "the source is shorter than what was sent");
    }
    if (chunk.length > left) held = chunk.slice(left);
    left -= chunk.length;
  }
  return {
    async read(): Promise<Uint8Array | undefined> {
      const chunk = held;
      held = undefined;
      return chunk ?? await reader.read();
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/** Not a network error, even where the source has a network behind it: the registry is not to blame. */
function unreadable(cause: unknown, reason = "the source cannot be read"): Error {
  if (isTidegateError(cause, "UPLOAD_FAILED")) return cause;
  const inner = isTidegateError(cause, "NETWORK_ERROR") ? cause.cause ?? cause : cause;
  const options = inner === undefined ? {} : { cause: inner };
  return new TidegateError("UPLOAD_FAILED", `The upload failed: ${reason}`, { reason }, options);
}
