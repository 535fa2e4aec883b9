import { type RegistryResponse, withDeadline } from "../core/mod.ts";
import { baseOf, responseFailure } from "../client/mod.ts";
import { readUploadChunk, uploadChunkRequest } from "../distribution/mod.ts";
import { discard } from "../transport/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import { type BytePipe, createBytePipe } from "./byte_pipe_workerd.ts";
import type { DoorRequest } from "./door_request.ts";
import { acceptedBytes, CHUNK_ACCEPTED } from "./chunk_answer.ts";
import type { Upload } from "./upload.ts";
import { goOn, moveTo } from "./upstream_upload.ts";

/** Longest wait for the upstream to take a piece, in milliseconds. */
const STALL_MS = 60_000;

/** Longest wait for its answer after the last one, in milliseconds. */
const ANSWER_MS = 90_000;

/**
 * Pass a body on as one PATCH, as docker sends it: without a length.
 *
 * So it can end where the caller breaks off: the upstream keeps what came that far, and the hash
 * stands where the upstream does. Then this throws what the reader threw, once that is settled.
 *
 * @throws {TidegateError} What the upstream answered, or what happened on the way.
 */
export async function streamChunk(
  door: DoorRequest,
  upload: Upload,
  reader: ByteReader,
): Promise<void> {
  const pipe = createBytePipe();
  const caller: { failure?: unknown } = {};
  const upstream = new AbortController();
  const request = uploadChunkRequest(door.target, upload.location, {
    ...{ body: pipe.readable, start: upload.offset, signal: upstream.signal },
  });
  const pumped = pump(door, upload, reader, pipe, caller);
  const sent = door.send(request);
  try {
    const response = await answerOf(door, sent, pumped);
    const start = upload.offset;
    if (!CHUNK_ACCEPTED.includes(response.status)) throw await failure(door, response);
    const end = start + await pumped;
    discard(response, door.services.clock);
    const from = baseOf(request, response);
    const session = readUploadChunk(response.status, response.headers, from);
    goOn(door, upload, session, from);
    upload.offset = end;
    await moveTo(door, upload, acceptedBytes(session, start, end));
  } catch (error) {
    upload.hash = undefined; // it has gone on alone
    upstream.abort(error);
    sent.then((late) => discard(late, door.services.clock), () => {});
    pumped.catch(() => {});
    reader.cancel(error).catch(() => {});
    throw error;
  }
  if ("failure" in caller) throw caller.failure;
}

/** The answer: it may come early, and must come soon after the last byte. */
async function answerOf(
  { services: { clock }, target: { origin } }: DoorRequest,
  sent: Promise<RegistryResponse>,
  pumped: Promise<number>,
): Promise<RegistryResponse> {
  const inTime = (): Promise<RegistryResponse> =>
    withDeadline(sent, { origin, clock, stallMs: ANSWER_MS });
  return await Promise.race([sent, pumped.then(inTime, () => sent)]);
}

/** @returns How many bytes went through. */
async function pump(
  { services: { clock }, target: { origin } }: DoorRequest,
  { hash }: Upload,
  reader: ByteReader,
  { writable, borrows }: BytePipe,
  caller: { failure?: unknown },
): Promise<number> {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const bounded = (work: Promise<void>): Promise<void> =>
    withDeadline(work, { origin, clock, stallMs: STALL_MS });
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader.read().catch((error) => void (caller.failure = error));
      if (chunk === undefined) break;
      hash?.update(chunk);
      length += chunk.length;
      await bounded(writer.write(borrows || reader.owned ? chunk : chunk.slice()));
    }
    await bounded(writer.close());
    return length;
  } catch (error) {
    writer.abort(error).catch(() => {});
    throw error;
  }
}

function failure(
  { services: { clock }, target: { repository } }: DoorRequest,
  response: RegistryResponse,
): Promise<Error> {
  return responseFailure(response, `upload to ${repository}`, clock, undefined);
}
