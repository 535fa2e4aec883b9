import { type BodyCheck, createBodyCheck } from "./body_check.ts";
import type { ByteReader, ByteSink } from "./byte_reader.ts";
import { createHoldBack, type HoldBack } from "./hold_back.ts";
import { assertVerifyOptions, type VerifyOptions } from "./verify_options.ts";

/**
 * Move a body from a reader to a sink and verify it on the way.
 *
 * The sink gets all but the last 64 KiB as they come, and those only when size and digest are
 * right: it is closed after a body that verified, aborted otherwise. Memory is one chunk and the
 * bytes held back; the next chunk is read when the sink has taken the last.
 *
 * Resolves only once the whole was verified and the sink has closed.
 *
 * @throws {TidegateError} BLOB_SIZE_MISMATCH (at one byte too many, or at the end when short);
 * DIGEST_MISMATCH; LIMIT_EXCEEDED past `maximum`; what the reader throws.
 * RANGE_NOT_SATISFIABLE when a range ends after a body of unknown size.
 * @throws {TypeError} If a size or a range is none; the reader is cancelled, too.
 * @throws What the sink throws, and the signal's reason.
 */
export function pumpVerified(
  reader: ByteReader,
  sink: ByteSink,
  options: VerifyOptions,
): Promise<void> {
  const { signal } = options;
  if (signal === undefined) return pump(reader, sink, options);
  return new Promise((resolve, reject) => {
    // Neither a read nor a write that never ends may keep an aborted transfer waiting.
    const onAbort = (): void => {
      reject(signal.reason);
      giveUp(reader, sink, signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    pump(reader, sink, options).then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", onAbort)
    );
  });
}

async function pump(reader: ByteReader, sink: ByteSink, options: VerifyOptions): Promise<void> {
  let check: BodyCheck | undefined;
  try {
    assertVerifyOptions(options);
    check = createBodyCheck(options);
    const hold = createHoldBack(options);
    await passOn(reader, sink, check, hold, options.signal);
    await check.finish();
    options.signal?.throwIfAborted();
    await writeAll(sink, hold.rest());
    options.signal?.throwIfAborted();
    await sink.close();
  } catch (error) {
    check?.abort();
    await giveUp(reader, sink, error);
    throw error;
  }
}

async function passOn(
  reader: ByteReader,
  sink: ByteSink,
  check: BodyCheck,
  hold: HoldBack,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const chunk = await reader.read();
    signal?.throwIfAborted();
    if (chunk === undefined) return;
    check.count(chunk.length);
    const written = writeAll(sink, hold.take(chunk)); // first: it may go on while this thread hashes
    const hashed = tryHash(check, chunk);
    await (hashed === undefined ? written : Promise.all([hashed, written]));
    signal?.throwIfAborted();
  }
}

/** A hasher that throws leaves a write behind: the two are awaited together. */
function tryHash(check: BodyCheck, chunk: Uint8Array): void | Promise<void> {
  try {
    return check.hash(chunk);
  } catch (error) {
    return Promise.reject(error);
  }
}

function writeAll(sink: ByteSink, pieces: readonly Uint8Array[]): Promise<void> | undefined {
  const [first, second] = pieces;
  if (first === undefined) return undefined;
  const written = sink.write(first);
  return second === undefined ? written : written.then(() => sink.write(second));
}

/** Stop both ends. The connection closes in its own time; the sink is waited for, to clean up. */
async function giveUp(reader: ByteReader, sink: ByteSink, reason: unknown): Promise<void> {
  reader.cancel(reason).catch(() => {});
  await sink.abort(reason).catch(() => {});
}
