import type { BlobSlice } from "../client/mod.ts";
import type { ByteSink } from "../verify/mod.ts";
import type { CopyBlob } from "./endpoint.ts";

/**
 * Write a blob's bytes from an offset to the last one.
 *
 * @throws What the blob or the sink throws, or the signal's reason; the sink is aborted then.
 */
export async function pipeBlob(
  blob: CopyBlob,
  start: number,
  sink: ByteSink,
  signal: AbortSignal,
): Promise<void> {
  if (blob.pipeTo !== undefined) return await blob.pipeTo(start, sink);
  try {
    for await (const chunk of chunksOf(await blob.slice(start))) {
      signal.throwIfAborted();
      await sink.write(chunk);
    }
    signal.throwIfAborted();
    await sink.close();
  } catch (error) {
    await sink.abort(error);
    throw error;
  }
}

async function* chunksOf(slice: BlobSlice): AsyncGenerator<Uint8Array, void> {
  if (slice instanceof Uint8Array) return yield slice;
  const reader = (slice instanceof ReadableStream ? slice : slice.stream()).getReader();
  let hasEnded = false;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    hasEnded = true;
  } finally {
    if (!hasEnded) reader.cancel().catch(() => {}); // not waited for: it may never come to its end
  }
}
