import type { RegistryResponse } from "../core/mod.ts";
import { readUploadChunk, uploadChunkRequest } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import { tryFixedLengthStream } from "../verify/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { isResumable } from "./resume_progress.ts";
import { permitSession } from "./upload_calls.ts";
import { baseOf } from "./upload_location.ts";
import { createStall, type Stall } from "./upload_stall.ts";
import {
  assertDigest,
  isPassing,
  lost,
  type OpenUpload,
  pause,
  type UploadEnd,
  uploadFailed,
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
  const stall = createStall(upload);
  const pump = createPump(upload, stall);
  const { location } = session;
  const { signal } = stall;
  const options = { body: pump.body, start: 0, size: upload.size, signal };
  const request = uploadChunkRequest(target, location, options);
  const { "content-range": _, ...headers } = request.headers; // it is no part of anything
  upload.chunks++;
  let response: RegistryResponse;
  try {
    response = await send({ ...request, headers });
  } catch (error) {
    const failure = pump.failure() ?? error;
    if (!isResumable(failure)) throw failure;
    await pause(upload, failure);
    return lost("the connection broke, and the registry takes one chunk only", failure);
  } finally {
    pump.stop();
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
  return pump.isDone() ? undefined : lost("the registry answered before it had all");
}

interface Pump {
  readonly body: ReadableStream<Uint8Array>;
  /** Why it ended early. */
  failure(): unknown;
  /** Whether all of the source went through. */
  isDone(): boolean;
  /** The request is over: whoever still reads the body gets nothing more of the window. */
  stop(): void;
}

function createPump(upload: OpenUpload, stall: Stall): Pump {
  const { size, window } = upload;
  let failure: unknown;
  let isOver = false;
  let isDone = false;
  const fill = async (): Promise<void> => {
    if (!isOver) await window.fill(PIECE_BYTES);
    const isEnd = !isOver && window.isLast && window.length <= PIECE_BYTES;
    if (isEnd) await assertDigest(upload);
    if (isOver) throw uploadFailed("the request was over before all was sent");
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    stall.stop();
    try {
      await fill();
      const piece = window.bytes(PIECE_BYTES).slice();
      window.drop(piece.length);
      upload.sentBytes += piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      isDone = window.isLast && window.length === 0;
      if (isDone) controller.close();
      stall.touch();
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const stream = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  const fixed = size === undefined ? undefined : tryFixedLengthStream(size);
  return {
    body: fixed ? stream.pipeThrough(fixed) : stream,
    failure: () => failure,
    isDone: () => isDone,
    stop(): void {
      isOver = true;
      stall.stop();
    },
  };
}
