import type { RegistryResponse } from "../core/mod.ts";
import { readUploadChunk, uploadChunkRequest } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import { tryFixedLengthStream } from "../verify/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { isResumable } from "./resume_progress.ts";
import { type BodyPiece, createUploadBody } from "./upload_body.ts";
import { permitSession } from "./upload_calls.ts";
import { baseOf } from "./upload_location.ts";
import {
  assertDigest,
  isPassing,
  lost,
  type OpenUpload,
  pause,
  type UploadEnd,
} from "./upload_state.ts";

const PIECE_BYTES = 256 * 1024;

/**
 * Send a whole source as the one chunk that Google's registries take. Its end is held back until
 * the digest is right. What breaks starts again from zero.
 *
 * @returns Undefined when all has arrived.
 */
export async function streamRest(upload: OpenUpload): Promise<UploadEnd | undefined> {
  const { connection: { send, target }, context: { settings: { clock } }, image, session } = upload;
  if (upload.window.start > 0) return lost("the registry takes it in one chunk only");
  const body = createUploadBody(upload, (assertOpen) => nextPiece(upload, assertOpen));
  const { size } = upload;
  const fixed = size === undefined ? undefined : tryFixedLengthStream(size);
  const stream = fixed ? body.stream.pipeThrough(fixed) : body.stream;
  const options = { body: stream, start: 0, size, signal: body.signal };
  const request = uploadChunkRequest(target, session.location, options);
  const { "content-range": _, ...headers } = request.headers; // it is no part of anything
  upload.chunks++;
  let response: RegistryResponse;
  try {
    response = await send({ ...request, headers });
  } catch (error) {
    const failure = body.failure() ?? error;
    if (!isResumable(failure)) throw failure;
    await pause(upload, failure);
    return lost("the connection broke, and the registry takes one chunk only", failure);
  } finally {
    body.stop();
  }
  const { status } = response;
  if (status > 299) {
    const error = await responseFailure(response, image, clock, upload.signal);
    if (status !== 401 && status !== 404 && !isPassing(error, status)) throw error;
    await pause(upload, error);
    return lost("the registry did not take the stream", error);
  }
  discard(response, clock);
  const from = baseOf(request, response);
  upload.session = permitSession(upload, readUploadChunk(status, response.headers, from), from);
  return body.isDone() ? undefined : lost("the registry answered before it had all");
}

/** The next bytes of the window; the last ones once the digest of all is right. */
async function nextPiece(upload: OpenUpload, assertOpen: () => void): Promise<BodyPiece> {
  const { window } = upload;
  await window.fill(PIECE_BYTES);
  assertOpen();
  if (window.isLast && window.length <= PIECE_BYTES) await assertDigest(upload);
  assertOpen();
  const bytes = window.bytes(PIECE_BYTES).slice();
  window.drop(bytes.length);
  return { bytes, isLast: window.isLast && window.length === 0 };
}
