import { rename } from "node:fs/promises";
import { encodeUtf8, TidegateError, timingSafeEqual } from "../core/mod.ts";
import { formatDigest } from "../reference/mod.ts";
import { onDisk, warmWriter } from "./disk_node.ts";
import { setTime } from "./hash_file_node.ts";
import type { BlobKey, BlobWriter } from "./layout.ts";
import { dropPartial, type Partial } from "./partial_node.ts";

/** The writer of a blob that is there: nothing to do. */
export function finishedWriter({ size }: BlobKey): BlobWriter {
  return {
    offset: size,
    borrows: true,
    write: ({ length }) =>
      length === 0 ? Promise.resolve() : Promise.reject(wrongSize(size, size + length)),
    close: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

/**
 * Writes the rest of a blob behind what is there.
 *
 * @param target Where the blob belongs; its directory is there.
 */
export function createBlobWriter(blob: BlobKey, partial: Partial, target: string): BlobWriter {
  const { file, held, hasher } = partial;
  const write = warmWriter(file);
  let position = partial.size;
  let state: "open" | "broken" | "ended" = "open";
  const assertOpen = (): void => {
    if (state !== "open") throw new TypeError("The blob takes no more: it was closed, or failed");
  };
  const append = async (chunk: Uint8Array): Promise<void> => {
    const end = position + chunk.length;
    if (end > blob.size) throw wrongSize(blob.size, end);
    state = "broken"; // until file and hash agree again
    const hashed = hasher.update(chunk); // first: it reads what the write then finds in the caches
    await Promise.all([write(chunk, position), hashed]);
    [position, state] = [end, "open"];
  };
  const close = async (): Promise<void> => {
    if (position !== blob.size) throw wrongSize(blob.size, position);
    state = "ended";
    await finish(blob, partial, target);
  };
  const abort = async (): Promise<void> => {
    if (state === "ended") return;
    state = "ended";
    hasher.abort?.();
    if (position === 0) return await dropPartial(partial);
    await file.close();
    await held.release();
  };
  return {
    offset: partial.size,
    borrows: true,
    write(chunk): Promise<void> {
      assertOpen();
      return onDisk(target, () => append(chunk));
    },
    close(): Promise<void> {
      assertOpen();
      return onDisk(target, close);
    },
    abort: () => onDisk(target, abort),
  };
}

async function finish(blob: BlobKey, partial: Partial, target: string): Promise<void> {
  const { digest, size } = blob;
  const { file, held, hasher } = partial;
  const computed = formatDigest(hasher.algorithm, await hasher.digest());
  if (!timingSafeEqual(encodeUtf8(computed), encodeUtf8(digest))) {
    await dropPartial(partial);
    const message = `The blob's digest is ${computed}, but it must be ${digest}`;
    throw new TidegateError("DIGEST_MISMATCH", message, { expected: digest, computed });
  }
  if (partial.size === size) await setTime(file); // an earlier process wrote it: no garbage now
  await file.sync();
  await file.close();
  await rename(held.path, target);
}

function wrongSize(expected: number, actual: number): TidegateError<"BLOB_SIZE_MISMATCH"> {
  const how = actual > expected ? `longer than ${expected}` : `${actual} of ${expected}`;
  return new TidegateError("BLOB_SIZE_MISMATCH", `The blob is ${how} bytes`, { expected, actual });
}
