import { concatBytes, tooLong } from "../core/mod.ts";
import { type ByteReader, type ByteSink, discardSink } from "../verify/mod.ts";

/** A reader's bytes as a stream, as they come. */
export function unverifiedStream(reader: ByteReader): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const chunk = await reader.read();
      if (chunk === undefined) controller.close();
      else controller.enqueue(reader.owned ? chunk : chunk.slice());
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/**
 * A reader's bytes in memory, as they come.
 * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`.
 */
export async function readUnverified(
  reader: ByteReader,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  await pumpUnverified(reader, {
    ...discardSink,
    write(chunk): Promise<void> {
      length += chunk.length;
      if (length > maximum) throw tooLong("range", maximum);
      parts.push(chunk.slice());
      return Promise.resolve();
    },
  });
  return concatBytes(parts);
}

/** Write a reader's bytes to a sink, as they come. */
export async function pumpUnverified(reader: ByteReader, sink: ByteSink): Promise<void> {
  try {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      await sink.write(chunk);
    }
    await sink.close();
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    await sink.abort(error).catch(() => {});
    throw error;
  }
}
