import {
  isTidegateError,
  platformFetch,
  type RegistryResponse,
  type TidegateError,
} from "../core/mod.ts";
import { readUploadChunk, uploadChunkRequest, type UploadSession } from "../distribution/mod.ts";
import { discard, isNodesFetch } from "../transport/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { isResumable } from "./resume_progress.ts";
import { type BodyPiece, createUploadBody } from "./upload_body.ts";
import { permitSession } from "./upload_calls.ts";
import { baseOf } from "./upload_location.ts";
import {
  askReceived,
  isPassing,
  keepLimits,
  lost,
  mayStream,
  type OpenUpload,
  recover,
  settle,
  trustOwnCount,
  type Upload,
  type UploadEnd,
  uploadFailed,
} from "./upload_state.ts";

const MIB = 1024 * 1024;
/** Length of the first chunk that is streamed, unless what is held is half as long or longer. */
const FIRST_STREAM_BYTES: number = 8 * MIB;
/** Default of the longest. */
export const STREAM_BYTES: number = 64 * MIB;

/** Of the chunk that shows whether the registry counts right: it is held. */
const PROBE_BYTES: number = MIB;
/** What is read from the source at once, and goes to the socket as it is. */
const PIECE_BYTES: number = 256 * 1024;
/** A chunk that takes less than this may be longer. */
const SHORT_MS = 1_000;
/** One that takes more should be shorter: it may have to be sent again. */
const LONG_MS = 4_000;

/** Whether chunks can be streamed at all: of what can be read again, by requests that say how long they are. */
export function canStream(
  { connection, size, source }: Pick<Upload, "connection" | "size" | "source">,
): boolean {
  const { multipleChunks } = connection.upstream.profile;
  return isNodesFetch() && source.replayable && size !== undefined && multipleChunks;
}

/** Bytes of the first chunk that is streamed, where a chunk that is held has so many: twice those. */
export function firstStreamBytes(chunkBytes: number): number {
  return Math.max(FIRST_STREAM_BYTES, 2 * chunkBytes);
}

/** Most bytes of the next chunk that is held. */
export function chunkLength(upload: OpenUpload): number {
  const { isCounted, limit, session } = upload;
  const most = limit.next(session);
  const isProbe = !isCounted && mayStream(upload);
  return isProbe ? limit.next(session, Math.min(most, PROBE_BYTES)) : most;
}

/** Bytes of the next chunk, if it is to be streamed; 0 if not. */
export function streamLength(upload: OpenUpload): number {
  const { isCounted, limit, session, size = 0, streamBytes, streamLimit, window } = upload;
  if (!isCounted || !mayStream(upload) || window.length > 0) return 0;
  return Math.min(limit.next(session, Math.min(streamBytes, streamLimit)), size - window.start);
}

/**
 * Send the next bytes of the source (end-5) as they are read. None is held: if the request fails, the
 * source is read again from where the registry got to.
 *
 * Only for a registry that has counted a chunk right, as what it says then decides where to go on.
 *
 * @returns Undefined to go on.
 */
export async function streamChunk(
  upload: OpenUpload,
  length: number,
): Promise<UploadEnd | undefined> {
  const { connection: { send, target }, context: { settings: { clock } }, session, window } =
    upload;
  const { start } = window;
  if (!window.mark()) return upload.streamBytes = 0, undefined; // nothing could be sent again
  const next = (assertOpen: () => void): Promise<BodyPiece> =>
    takePiece(upload, start + length, assertOpen);
  const body = createUploadBody(upload, next);
  const options = { body: body.stream, start, size: length, signal: body.signal };
  const request = uploadChunkRequest(target, session.location, options);
  const startedAt = clock.now();
  upload.chunks++;
  let response: RegistryResponse;
  try {
    response = await send(request);
  } catch (error) {
    body.stop();
    return await handleFailure(upload, start, body.failure() ?? error);
  }
  body.stop();
  upload.limit.see(response.headers);
  const { status, headers } = response;
  if (status > 299) return await handleRefusal(upload, start, response);
  discard(response, clock);
  const from = baseOf(request, response);
  const taken = permitSession(upload, readUploadChunk(status, headers, from), from);
  return await accept(upload, { start, length }, taken, clock.now() - startedAt);
}

/**
 * Choose the length of the next chunk that is streamed by how long one took: after less than a second what
 * goes in a second at its pace, and at least twice as much; after more than four half of it. Nothing
 * where none may be streamed.
 */
export function adaptStream(upload: Upload, length: number, milliseconds: number): void {
  const { firstStreamBytes, streamBytes } = upload;
  if (streamBytes === 0) return;
  const inSecond = Math.floor(length * SHORT_MS / Math.max(1, milliseconds));
  if (milliseconds < SHORT_MS) {
    upload.streamBytes = Math.max(firstStreamBytes, 2 * length, inSecond);
  }
  if (milliseconds > LONG_MS) {
    upload.streamBytes = Math.max(firstStreamBytes, Math.floor(length / 2));
  }
}

/** A chunk was taken, if the registry says so. */
async function accept(
  upload: OpenUpload,
  { start, length }: Streamed,
  next: UploadSession,
  milliseconds: number,
): Promise<UploadEnd | undefined> {
  const end = start + length;
  const { receivedEnd = -1 } = next;
  upload.session = keepLimits(upload.session, next);
  if (upload.window.start < end || (receivedEnd >= start && receivedEnd !== end - 1)) {
    await rewind(upload, start);
    upload.streamBytes = 0;
    return await recover(upload, uploadFailed("the registry counts other bytes than were sent"));
  }
  if (receivedEnd < start) return await acceptSilently(upload, start, next.receivedEnd);
  adaptStream(upload, length, milliseconds);
  return void await upload.onProgress?.(upload);
}

/**
 * The registry tells of none of the bytes (ECR's `Range` stays at the first chunk). If it says the same
 * when asked, the own count holds; what comes next is held, as nobody can say where to go on.
 */
async function acceptSilently(
  upload: OpenUpload,
  start: number,
  receivedEnd: number | undefined,
): Promise<UploadEnd | undefined> {
  upload.streamBytes = 0;
  const answer = await askReceived(upload);
  if (answer.state === "lost") return answer;
  const told = answer.receivedEnd;
  if (told === upload.window.start - 1) return void await upload.onProgress?.(upload);
  if (told !== undefined && told !== receivedEnd && told >= start) {
    await rewind(upload, start);
    return await settle(upload, told);
  }
  trustOwnCount(upload, receivedEnd ?? told);
  return void await upload.onProgress?.(upload);
}

async function handleFailure(
  upload: OpenUpload,
  start: number,
  failure: unknown,
): Promise<UploadEnd | undefined> {
  const isRedirected = isTidegateError(failure, "UNSUPPORTED");
  if (!isRedirected && !isResumable(failure)) throw failure;
  await rewind(upload, start);
  if (!isRedirected) return await recover(upload, failure);
  upload.streamBytes = 0; // what is held can be sent again, wherever to
  return undefined;
}

async function handleRefusal(
  upload: OpenUpload,
  start: number,
  response: RegistryResponse,
): Promise<UploadEnd | undefined> {
  const { context: { settings: { clock } }, image, signal } = upload;
  const { status } = response;
  const error = await responseFailure(response, image, clock, signal);
  await rewind(upload, start);
  if (status === 404 || status === 410) return lost("the registry has forgotten the upload", error);
  // 401: nobody could send it again with a fresh token, but the question that comes next gets one
  if (status === 401 || isPassing(error, status)) return await recover(upload, error);
  upload.streamBytes = 0;
  if (status === 413) return undefined; // what is held is shorter
  if (status === 416) return await recover(upload, error);
  if (!isTidegateError(error, "RATE_LIMITED")) throw error;
  await waitForQuiet(upload, error);
  return await recover(upload, error);
}

/** @throws {TidegateError} RATE_LIMITED itself, if that lasts too long. */
async function waitForQuiet(
  { context: { settings: { clock, resume } }, signal }: OpenUpload,
  error: TidegateError<"RATE_LIMITED">,
): Promise<void> {
  const wait = (error.details.resetAt ?? 0) - clock.now();
  if (wait > resume.progressMs) throw error;
  if (wait > 0) await clock.sleep(wait, signal);
}

async function rewind(upload: OpenUpload, start: number): Promise<void> {
  upload.streamedEnd = Math.max(upload.streamedEnd ?? 0, upload.window.start);
  await upload.window.seek(start);
}

/** A chunk that was streamed. */
interface Streamed {
  readonly start: number;
  readonly length: number;
}

async function takePiece(
  { context: { settings: { fetch } }, window }: OpenUpload,
  end: number,
  assertOpen: () => void,
): Promise<BodyPiece> {
  const piece = await window.take(Math.min(PIECE_BYTES, end - window.start));
  assertOpen();
  // any other fetch than the runtime's may keep what is written again soon
  const bytes = fetch === platformFetch ? piece : piece.slice();
  return { bytes, isLast: window.start === end };
}
