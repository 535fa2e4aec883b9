import { isTidegateError } from "../core/mod.ts";
import type { BlobWriter, ImageLayout } from "../layout/mod.ts";
import type { BlobArrival, BlobTransfer } from "./endpoint.ts";
import { afterOthers } from "./learned.ts";
import { pipeBlob } from "./pipe_blob.ts";

const THERE: BlobArrival = { outcome: "exists", transferredBytes: 0 };

/** Blobs that are being written, by directory and digest: within one process nobody waits for locks. */
const flights = new Map<string, Promise<unknown>>();

/**
 * Bring a blob into a layout, on from where an earlier run ended. If what that has left turns out
 * wrong, as a disk may lose what was not synced, it starts anew, once; and it looks again, once, where
 * another has taken the file.
 */
export async function putLayoutBlob(
  layout: ImageLayout,
  transfer: BlobTransfer,
): Promise<BlobArrival> {
  const { descriptor, signal } = transfer;
  const key = `${descriptor.digest} ${layout.directory}`;
  return await afterOthers(flights, key, signal, async () => {
    if (await layout.hasBlob(descriptor)) return THERE;
    const writer = await layout.blobWriter(descriptor, { signal });
    const { offset } = writer;
    if (offset > 0) transfer.onResume(offset);
    try {
      return await write(writer, transfer);
    } catch (error) {
      const isWrong = offset > 0 && isTidegateError(error, "DIGEST_MISMATCH");
      if (!isWrong && !isTaken(error)) throw error;
      return await write(await layout.blobWriter(descriptor, { signal }), transfer);
    }
  });
}

/** A process of another container cannot see that we live: it goes on with our file, and ends it. */
function isTaken(error: unknown): boolean {
  return isTidegateError(error, "CACHE_IO") && error.details.reason === "ENOENT";
}

/** Somebody else may have written it while we waited: then there is nothing to fetch. */
async function write(
  writer: BlobWriter,
  { descriptor: { size }, onProgress, signal, source }: BlobTransfer,
): Promise<BlobArrival> {
  const { offset } = writer;
  let arrived = offset;
  let hasEnded = false;
  const end = (work: Promise<void>): Promise<void> => {
    hasEnded = true;
    return work;
  };
  try {
    if (offset === size) await end(writer.close());
    else {
      await pipeBlob(source, offset, {
        borrows: true,
        async write(chunk): Promise<void> {
          await writer.write(chunk);
          arrived += chunk.length;
          onProgress(arrived);
        },
        close: () => end(writer.close()),
        abort: (reason) => end(writer.abort(reason)),
      }, signal);
    }
  } catch (error) {
    if (!hasEnded) await writer.abort(error); // the source could not even be opened
    throw error;
  }
  return { outcome: "transferred", transferredBytes: arrived - offset };
}
