import { isTidegateError, type RegistryResponse } from "../core/mod.ts";
import { readUploadChunk, uploadChunkRequest, type UploadSession } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { isResumable } from "./resume_progress.ts";
import { adaptStream } from "./stream_chunk.ts";
import { permitSession } from "./upload_calls.ts";
import { baseOf } from "./upload_location.ts";
import {
  askReceived,
  countOf,
  isPassing,
  keepLimits,
  lost,
  mayStream,
  type OpenUpload,
  pause,
  recover,
  settle,
  trustOwnCount,
  type UploadEnd,
  uploadFailed,
} from "./upload_state.ts";

/** How an upload goes on after a chunk: undefined for the next one, else its end. */
type Outcome = UploadEnd | undefined;

/**
 * Send the first bytes of the window (end-5), and take from it what has arrived.
 *
 * @param most Most bytes to send.
 * @returns Undefined to go on.
 */
export async function sendChunk(upload: OpenUpload, most: number): Promise<Outcome> {
  const { connection: { send, target }, context, limit, session, signal, window } = upload;
  const { clock } = context.settings;
  const body = window.bytes(most);
  const { start } = window;
  const options = { body, start, size: body.length, signal };
  const request = uploadChunkRequest(target, session.location, options);
  upload.sentBytes += body.length;
  upload.chunks++;
  if (body.length === window.length && !mayStream(upload)) window.readAhead(most);
  const startedAt = clock.now();
  let response: RegistryResponse;
  try {
    response = await send(request);
  } catch (error) {
    if (!isResumable(error)) throw error;
    if (isTidegateError(error, "NETWORK_TIMEOUT")) limit.halve(body.length);
    upload.lostAt = start;
    return await recover(upload, error);
  }
  limit.see(response.headers);
  const { status, headers } = response;
  if (status > 299) return await handleRefusal(upload, response, body.length);
  discard(response, clock);
  const from = baseOf(request, response);
  const next = permitSession(upload, readUploadChunk(status, headers, from), from);
  const milliseconds = clock.now() - startedAt;
  const end = await accept(upload, next, body.length);
  if (upload.isCounted) adaptStream(upload, body.length, milliseconds);
  if (end === undefined) await upload.onProgress?.(upload);
  return end;
}

/** A chunk was taken, whole or in part. */
async function accept(upload: OpenUpload, next: UploadSession, sent: number): Promise<Outcome> {
  const { window } = upload;
  const { start } = window;
  upload.session = keepLimits(upload.session, next);
  const { receivedEnd } = next;
  if (receivedEnd === undefined || receivedEnd === upload.stuckEnd) {
    upload.streamBytes = 0; // who does not count could not say where to go on
    return window.drop(sent), undefined;
  }
  const received = countOf(receivedEnd, start + (sent === 1 ? 1 : 0)); // a byte of one is all of it
  upload.isCounted = received === start + sent;
  if (upload.isCounted) return window.drop(sent), undefined;
  upload.streamBytes = 0;
  if (received > start + sent) return lost("the registry has more than was sent");
  if (received === start || received < start) {
    return await acceptSilently(upload, receivedEnd, sent);
  }
  window.drop(received - start);
  await pause(upload, uploadFailed("the registry takes a few bytes at a time"));
  return undefined;
}

/**
 * A chunk was taken, but the registry tells of none of its bytes. If it says the same when asked, its
 * word is worth nothing and the own count holds: the digest decides in the end.
 *
 * @param receivedEnd What the answer said; undefined when it was lost, and the chunk does not fit a
 * second time.
 */
async function acceptSilently(
  upload: OpenUpload,
  receivedEnd: number | undefined,
  sent: number,
): Promise<Outcome> {
  const { start } = upload.window;
  const answer = await askReceived(upload);
  if (answer.state === "lost") return answer;
  const told = answer.receivedEnd;
  const isNews = told !== undefined &&
    (receivedEnd === undefined ? told >= start : told !== receivedEnd);
  // 0-0 is said of one byte as of none: these do not fit a second time, so that it is one
  if (isNews && told === 0 && start === 0) return upload.window.drop(1), undefined;
  if (isNews) return await settle(upload, told);
  trustOwnCount(upload, receivedEnd ?? told);
  upload.window.drop(sent);
  return undefined;
}

/** A chunk was refused. */
async function handleRefusal(
  upload: OpenUpload,
  response: RegistryResponse,
  sent: number,
): Promise<Outcome> {
  const { context: { settings: { clock } }, image, limit, signal, window } = upload;
  const error = await responseFailure(response, image, clock, signal);
  const { status } = response;
  if (status === 404 || status === 410) return lost("the registry has forgotten the upload", error);
  if (status === 413) {
    if (limit.halve(sent)) return undefined;
    throw error;
  }
  if (isPassing(error, status)) {
    upload.lostAt = window.start;
    return await recover(upload, error);
  }
  if (status === 416) return await handleMisfit(upload, error, sent);
  // the answer that was lost may have named another place to go on
  if (status === 400 && upload.isDoubtful) return lost("the upload went on elsewhere", error);
  throw error;
}

/** 416: the chunk does not begin where the upload ends, or (GHCR, above 4 MiB) is too long. */
async function handleMisfit(upload: OpenUpload, error: unknown, sent: number): Promise<Outcome> {
  const { limit, window } = upload;
  if (upload.lostAt === window.start) return await acceptSilently(upload, undefined, sent);
  if (upload.stuckEnd !== undefined) return lost("the registry has lost a part", error);
  if (upload.refusedAt === window.start && !limit.halve(sent)) throw error;
  upload.refusedAt = window.start;
  const end = await recover(upload, error);
  const { session: { minChunkBytes = 0, receivedEnd } } = upload;
  const mayHaveOne = window.start === 0 && receivedEnd === 0 && minChunkBytes <= 1;
  if (end !== undefined || !mayHaveOne) return end;
  // 0-0 is said of one byte as of none, and some runtimes send again by themselves: one byte tells
  upload.lostAt = 0;
  return await sendChunk(upload, 1);
}
