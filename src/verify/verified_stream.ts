import type { ByteReader } from "./byte_reader.ts";
import { createPullGate } from "./pull_gate.ts";
import { tryFixedLengthStream } from "./fixed_length_workerd.ts";
import { pumpVerified } from "./pump_verified.ts";
import { countReaders } from "./read_size.ts";
import { assertVerifyOptions, type VerifyOptions } from "./verify_options.ts";

/**
 * Up to so many live readers, workerd is given each chunk whole, which costs it less time, and a copy
 * that stays until it is collected. Where more share the memory they go through a native pipe: it
 * moves 64 KiB at a time and leaves nothing behind. Measured by `bench relay`.
 */
const READERS_WITH_WHOLE_CHUNKS = 1;

/** A stream that cannot end unless its bytes verified. */
export type VerifiedStream = ReadableStream<Uint8Array> & {
  /**
   * Resolves when the whole body was verified and its end may be read. Rejects on any failure, and
   * when the reader cancelled or stopped early: unread is unverified. Never unhandled.
   */
  readonly verified: Promise<void>;
};

/**
 * A body as a stream of verified bytes: all but the last 64 KiB flow as they come, the rest only
 * when size and digest are right. On a mismatch it errors where it would have ended, so a consumer
 * that reads to the end has the right bytes, and a shorter body shows nothing at all.
 *
 * At most one chunk is read before it is asked for. On workerd a `Response` made of the stream has a
 * `Content-Length` where the length is known.
 *
 * The stream errors with what {@linkcode pumpVerified} throws.
 *
 * @throws {TypeError} If a size or a range is none; the reader is cancelled.
 */
export function verifiedStream(reader: ByteReader, options: VerifyOptions): VerifiedStream {
  try {
    assertVerifyOptions(options);
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
  const length = lengthOf(options);
  const pipe = length === undefined || countReaders() <= READERS_WITH_WHOLE_CHUNKS
    ? undefined
    : tryFixedLengthStream(length);
  return pipe === undefined ? pulledStream(reader, options) : pipedStream(pipe, reader, options);
}

function lengthOf({ size, range }: VerifyOptions): number | undefined {
  return range === undefined ? size : range.end + 1 - range.start;
}

function pipedStream(
  { readable, writable }: TransformStream<Uint8Array, Uint8Array>,
  reader: ByteReader,
  options: VerifyOptions,
): VerifiedStream {
  const writer = writable.getWriter();
  // A consumer that cancels while we wait for upstream shows in `closed` alone.
  writer.closed.catch((reason) => reader.cancel(reason).catch(() => {}));
  return withOutcome(readable, pumpVerified(reader, writer, options));
}

/** The portable way: each chunk waits to be asked for, and only then the next one is read. */
function pulledStream(reader: ByteReader, options: VerifyOptions): VerifiedStream {
  const length = lengthOf(options);
  const outcome = Promise.withResolvers<void>();
  const gate = createPullGate({
    // asked for each chunk: a reader over several connections owns those of some
    copies: () => reader.owned !== true || length === undefined,
    length,
    start: (sink) => pumpVerified(reader, sink, options).then(outcome.resolve, outcome.reject),
    cancel(reason): Promise<void> {
      outcome.reject(reason);
      return reader.cancel(reason);
    },
  });
  return withOutcome(gate, outcome.promise);
}

function withOutcome(stream: ReadableStream<Uint8Array>, verified: Promise<void>): VerifiedStream {
  verified.catch(() => {});
  return Object.assign(stream, { verified });
}
