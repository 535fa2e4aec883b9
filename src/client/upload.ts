import { finishUpload } from "./finish_upload.ts";
import { sendChunk } from "./send_chunk.ts";
import { chunkLength, streamChunk, streamLength } from "./stream_chunk.ts";
import { streamRest } from "./stream_upload.ts";
import { openSession } from "./upload_calls.ts";
import {
  announceResume,
  assertDigest,
  type OpenUpload,
  type Upload,
  type UploadEnd,
  uploadFailed,
} from "./upload_state.ts";

/**
 * Bring a source into the registry: by as many requests as it takes, over broken connections, and
 * from zero where the registry has lost it and the source can be read again.
 *
 * @throws {TidegateError} What ends it: DIGEST_MISMATCH and BLOB_SIZE_MISMATCH before anything is
 * committed; UPLOAD_FAILED when it is lost; what the registry answers.
 */
export async function runUpload(upload: Upload): Promise<UploadEnd & { readonly state: "done" }> {
  const { restarts } = upload.context.settings.resume;
  for (let attempt = 0;; attempt++) {
    const end = await attemptUpload(upload);
    if (end.state === "done") return end;
    const { reason, cause } = end;
    if (!upload.source.replayable || attempt >= restarts) throw uploadFailed(reason, cause);
    announceResume(upload, 0, reason);
    const fresh = {
      session: undefined,
      stuckEnd: undefined,
      lostAt: undefined,
      refusedAt: undefined,
      streamedEnd: undefined,
    };
    Object.assign(upload, fresh, { isCounted: false, isDoubtful: false });
    await upload.window.seek(0);
  }
}

async function attemptUpload(upload: Upload): Promise<UploadEnd> {
  upload.session ??= await openSession(upload, upload.algorithm);
  const opened = upload as OpenUpload;
  await upload.onProgress?.(upload);
  for (;;) {
    const lost = await step(opened);
    if (lost !== undefined) return lost;
  }
}

/** One request's worth: a chunk, or the end. */
async function step(upload: OpenUpload): Promise<UploadEnd | undefined> {
  const { connection: { upstream: { profile } }, window } = upload;
  const streamed = streamLength(upload);
  if (streamed > 0) return await streamChunk(upload, streamed);
  const most = chunkLength(upload);
  await window.fill(most);
  if (!window.isLast && !profile.multipleChunks) return await streamRest(upload);
  if (window.isLast && (window.length === 0 || isWhole(upload, most))) {
    await assertDigest(upload);
    return await finishUpload(upload);
  }
  return await sendChunk(upload, most);
}

/** Whether the whole blob fits into the request that ends the upload, and none of it may be there. */
function isWhole({ connection, lostAt, window }: Upload, most: number): boolean {
  const { maxPutBytes = Infinity } = connection.upstream.profile;
  return lostAt !== 0 && window.start === 0 && window.length <= Math.min(most, maxPutBytes);
}
