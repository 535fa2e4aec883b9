import { isTidegateError, type RegistryResponse } from "../core/mod.ts";
import { finishUploadRequest, readUploadFinish } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { isResumable } from "./resume_progress.ts";
import { isPassing, lost, type OpenUpload, recover, type UploadEnd } from "./upload_state.ts";
import { assertTaken, findBlob } from "./upload_calls.ts";

/**
 * End an upload (end-6) whose window holds all that is left, and whose hash was checked. A blob that
 * fits into one request goes with it.
 *
 * An answer that was lost is made up for by looking: if the blob is there, it was taken.
 *
 * @returns Undefined when there is something to send again first.
 */
export async function finishUpload(upload: OpenUpload): Promise<UploadEnd | undefined> {
  const { connection: { send, target }, limit, session, signal, window } = upload;
  const digest = await window.digest();
  const size = window.start + window.length;
  const body = window.length === 0 ? undefined : window.bytes(window.length);
  const options = { body, size: body?.length, signal };
  const request = finishUploadRequest(target, session.location, digest, options);
  upload.sentBytes += body?.length ?? 0;
  upload.chunks += body === undefined ? 0 : 1;
  const done: UploadEnd = { state: "done", digest, size };
  let response: RegistryResponse;
  try {
    response = await send(request);
  } catch (error) {
    if (!isResumable(error)) throw error;
    return await isThere(upload, digest, size) ? done : await goOn(upload, error);
  }
  limit.see(response.headers);
  if (response.status > 299) return await handleRefusal(upload, response, done);
  discard(response, upload.context.settings.clock);
  if (response.status !== 201 && response.status !== 204) {
    if (await isThere(upload, digest, size)) return done;
  }
  assertTaken(digest, readUploadFinish(response.status, response.headers).digest);
  return done;
}

async function handleRefusal(
  upload: OpenUpload,
  response: RegistryResponse,
  done: UploadEnd & { readonly state: "done" },
): Promise<UploadEnd | undefined> {
  const { context: { settings: { clock } }, image, limit, signal, window } = upload;
  const error = await responseFailure(response, image, clock, signal);
  const { status } = response;
  if (status === 413 && limit.halve(window.length)) return undefined;
  if (status === 401 || status === 403 || status === 429 || status === 413) throw error;
  // what is there under a digest that was looked at and found wrong is not the blob
  const isWrong = isTidegateError(error, "UNEXPECTED_RESPONSE") &&
    error.details.diagnostics.some(({ code }) => code === "DIGEST_INVALID");
  if (!isWrong && (upload.isDoubtful || status === 404 || isPassing(error, status))) {
    if (await isThere(upload, done.digest, done.size)) return done;
  }
  if (isPassing(error, status)) return await goOn(upload, error);
  if (status === 404 || status === 410) return lost("the registry has forgotten the upload", error);
  if (upload.isDoubtful) return lost("the registry has other bytes than were sent", error);
  if (status === 416) return await recover(upload, error);
  throw error;
}

/** What may have come of the body is sent as a chunk: that says where it begins, which a PUT does not. */
async function goOn(upload: OpenUpload, failure: unknown): Promise<UploadEnd | undefined> {
  upload.lostAt = upload.window.start;
  return await recover(upload, failure);
}

/** Whether the blob is there after all. That nobody can say so is no reason to give up. */
async function isThere(upload: OpenUpload, digest: Digest, size: number): Promise<boolean> {
  try {
    return await findBlob(upload, digest, size) !== undefined;
  } catch (error) {
    if (!isResumable(error)) throw error;
    return false;
  }
}
