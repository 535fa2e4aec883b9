import { concatBytes, isTransient, MAX_HELD_CHUNK_BYTES, TidegateError } from "../core/mod.ts";
import { readUploadChunk, uploadChunkRequest } from "../distribution/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import { acceptedBytes, CHUNK_ACCEPTED } from "./chunk_answer.ts";
import type { CallerBody } from "./caller_body.ts";
import type { DoorRequest } from "./door_request.ts";
import { readAhead } from "./read_ahead.ts";
import { streamChunk } from "./stream_chunk.ts";
import type { Upload } from "./upload.ts";
import { askReceived, exchange, goOn, moveTo, settle, statusOf } from "./upstream_upload.ts";

/** A chunk up to this size is held in memory: it can be sent again, after a 401 or a lost answer. */
export const SMALL_CHUNK_BYTES: number = 1024 * 1024;

/** What became of a body. */
export interface Received {
  /** The last bytes, not yet sent: a body that was small, or the end of one sent in parts. */
  readonly rest: Uint8Array<ArrayBuffer>;
  /** Whether the upstream stood elsewhere, so that nothing was sent. */
  readonly isElsewhere: boolean;
}

const NOTHING = new Uint8Array(0);

/**
 * Pass the caller's bytes on to the upstream, hashing them on the way. A small body is read and
 * returned; a larger one flows as one PATCH, or in parts where the upstream's profile caps them.
 *
 * Afterwards the upload stands where the upstream does, also when this throws because the caller's
 * side broke off.
 *
 * @param isFresh Whether the upload was opened within this request, so that it stands where it should.
 * @throws {TidegateError} What the upstream answered. What the body throws.
 */
export async function receiveBody(
  door: DoorRequest,
  upload: Upload,
  body: CallerBody,
  isFresh: boolean,
): Promise<Received> {
  const ahead = await readAhead(body, SMALL_CHUNK_BYTES);
  if (ahead.size !== undefined) {
    return { rest: (await ahead.reader.read())?.slice() ?? NOTHING, isElsewhere: false };
  }
  const partBytes = partBytesOf(door, upload);
  if (partBytes !== undefined) return await sendParts(door, upload, ahead.reader, partBytes);
  if (!isFresh && await standsElsewhere(door, upload)) return { rest: NOTHING, isElsewhere: true };
  await streamChunk(door, upload, ahead.reader);
  return { rest: NOTHING, isElsewhere: false };
}

/** How long parts are; undefined for a body that goes as one. A stream cannot say where it begins. */
function partBytesOf(door: DoorRequest, upload: Upload): number | undefined {
  const { maxPatchBytes, multipleChunks } = door.selection.upstream.upstream.profile;
  if (!upload.mayHaveOne || !multipleChunks) return maxPatchBytes;
  const least = Math.min(upload.minChunkBytes ?? 0, MAX_HELD_CHUNK_BYTES);
  return maxPatchBytes ?? Math.max(SMALL_CHUNK_BYTES, least);
}

/**
 * A stream can be sent once. So ask first: that fetches the token it needs, and tells whether an
 * earlier chunk, whose answer the caller never got, has arrived.
 */
async function standsElsewhere(door: DoorRequest, upload: Upload): Promise<boolean> {
  const before = { ...upload };
  // some registries have no status: then the PATCH will tell
  await settle(door, upload).catch(() => void Object.assign(upload, before));
  return upload.offset !== before.offset;
}

async function sendParts(
  door: DoorRequest,
  upload: Upload,
  reader: ByteReader,
  partBytes: number,
): Promise<Received> {
  let held: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.slice(at, at + partBytes - length);
      held.push(piece);
      length += piece.length;
      at += piece.length;
      if (length < partBytes) continue;
      if (!await sendChunk(door, upload, concatBytes(held))) {
        await reader.cancel();
        return { rest: NOTHING, isElsewhere: true };
      }
      held = [];
      length = 0;
    }
  }
  return { rest: concatBytes(held), isElsewhere: false };
}

const MOST_TRIES = 3;

/**
 * Send bytes that are all in memory as one PATCH, and again what of them has not arrived.
 *
 * @returns Whether they have. False when the upstream stands elsewhere: the upload then, too.
 * @throws {TidegateError} What the upstream answered.
 */
export async function sendChunk(
  door: DoorRequest,
  upload: Upload,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const end = upload.offset + bytes.length;
  for (let tries = 1; upload.offset < end; tries++) {
    const rest = bytes.slice(bytes.length - (end - upload.offset));
    const received = await tryChunk(door, upload, rest, tries);
    if (received === undefined) return false;
    const accepted = received - upload.offset;
    if (accepted < 0 || received > end) {
      await moveTo(door, upload, received);
      return false;
    }
    if (accepted === 0 && tries === MOST_TRIES) throw stuck();
    if (accepted > 0) tries = 0; // progress starts anew
    upload.hash?.update(rest.subarray(0, accepted));
    upload.offset = received;
  }
  return true;
}

/** @returns How many bytes the upstream has now; undefined when what it had were not those before. */
async function tryChunk(
  door: DoorRequest,
  upload: Upload,
  bytes: Uint8Array<ArrayBuffer>,
  tries: number,
): Promise<number | undefined> {
  const { offset } = upload;
  const chunk = { body: bytes, start: offset, size: bytes.length };
  const request = uploadChunkRequest(door.target, upload.location, chunk);
  try {
    return await exchange(door, request, CHUNK_ACCEPTED, ({ status, headers }, from) => {
      const session = readUploadChunk(status, headers, from);
      goOn(door, upload, session, from);
      return acceptedBytes(session, offset, offset + bytes.length);
    });
  } catch (error) {
    const isOutOfOrder = statusOf(error) === 416;
    if (!isOutOfOrder && (tries === MOST_TRIES || !isTransient(error))) throw error;
    const received = await askReceived(door, upload);
    if (!isOutOfOrder) return received;
    // 0-0 is said of one byte, too: it came before
    if (received === 0 && (tries > 1 || upload.mayHaveOne)) return 1;
    if (received === offset) throw error; // it means something else
    await moveTo(door, upload, received);
    return undefined;
  }
}

function stuck(): TidegateError<"UPLOAD_FAILED"> {
  const reason = "the registry takes no more bytes";
  return new TidegateError("UPLOAD_FAILED", `The upload failed: ${reason}`, { reason });
}
