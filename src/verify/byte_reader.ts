/**
 * A source of bytes, pulled one chunk at a time. Everything in this folder reads from one, so a
 * layer that reopens a broken transfer is a `ByteReader` around others.
 */
export interface ByteReader {
  /**
   * The next bytes, never an empty array; `undefined` at the end. One call at a time.
   * The chunk is only valid until the next `read()` or `cancel()`, unless {@linkcode owned} is set.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Give up: the connection is closed. Calling it again, or after the end, does nothing. */
  cancel(reason?: unknown): Promise<void>;
  /**
   * Whether the chunk read last is the caller's to keep, so that it needs no copy. Default is
   * `false`. It may change from one chunk to the next.
   */
  readonly owned?: boolean;
}

/**
 * Where verified bytes go. A `WritableStreamDefaultWriter` fits.
 *
 * The functions of this folder lend their chunks: `write` must have done with one when it resolves.
 * workerd's `FixedLengthStream` and file handles have; a `TransformStream`, and Node's streams as
 * `Writable.toWeb` gives them, queue. The registry client gives copies unless the sink says that it
 * {@linkcode borrows}.
 */
export interface ByteSink {
  /** Whether it has done with a chunk once `write` resolves. Default is `false`. */
  readonly borrows?: boolean;
  /** Take bytes. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes were written, and they verified. */
  close(): Promise<void>;
  /** What was written is not to be used. */
  abort(reason: unknown): Promise<void>;
}

/** A sink that keeps nothing: pump into it to verify a body that nobody reads. */
export const discardSink: ByteSink = {
  borrows: true,
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};
