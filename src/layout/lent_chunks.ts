const BUFFER_BYTES: number = 256 * 1024;

/**
 * The chunks of a stream, each valid until the next is asked for: one buffer serves all, where the
 * stream reads into buffers that it is given. Layers of any length leave no garbage.
 */
export async function* lentChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = tryByob(stream);
  if (reader === undefined) return yield* stream;
  let buffer = new ArrayBuffer(BUFFER_BYTES);
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it ended, or failed, or nobody wants more
  }
}

function tryByob(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError && !stream.locked) return undefined;
    throw error;
  }
}
