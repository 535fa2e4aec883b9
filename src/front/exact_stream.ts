import { TidegateError } from "../core/mod.ts";
import { type ByteReader, tryFixedLengthStream } from "../verify/mod.ts";

/**
 * The bytes of a reader as a stream of exactly `length` bytes, unverified. It errors where it would
 * end too early or go on too long, so that a response made of it breaks off instead of ending.
 */
export function exactStream(reader: ByteReader, length: number): ReadableStream<Uint8Array> {
  const pipe = tryFixedLengthStream(length);
  if (pipe === undefined) return pulledStream(reader, length);
  const writer = pipe.writable.getWriter();
  writer.closed.catch((reason) => reader.cancel(reason).catch(() => {}));
  pump(reader, writer).catch(async (error) => {
    await reader.cancel(error).catch(() => {});
    await writer.abort(error).catch(() => {});
  });
  return pipe.readable;
}

/** workerd's pipe counts by itself: it refuses a byte too many, and to close on one too few. */
async function pump(
  reader: ByteReader,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  for (;;) {
    const chunk = await reader.read();
    if (chunk === undefined) return await writer.close();
    await writer.write(chunk);
  }
}

function pulledStream(reader: ByteReader, length: number): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const chunk = await reader.read();
      left -= chunk?.length ?? 0;
      if (left < 0 || (chunk === undefined && left > 0)) {
        await reader.cancel();
        throw wrongLength(length, length - left);
      }
      if (chunk === undefined) controller.close();
      else controller.enqueue(reader.owned === true ? chunk : chunk.slice());
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function wrongLength(expected: number, actual: number): TidegateError<"BLOB_SIZE_MISMATCH"> {
  return new TidegateError("BLOB_SIZE_MISMATCH", `The range is not ${expected} bytes long`, {
    expected,
    actual,
  });
}
