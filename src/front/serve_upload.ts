import { type Digest, digestAlgorithm, tryParseDigest } from "../reference/mod.ts";
import { wasmHasher } from "../hash/mod.ts";
import type { Answer } from "./answer.ts";
import { type CallerBody, callerBody } from "./caller_body.ts";
import { readChunkHeaders } from "./chunk_headers.ts";
import { commitUpload } from "./commit_upload.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { receiveBody, sendChunk } from "./receive_chunk.ts";
import type { Upload } from "./upload.ts";
import { createdAnswer, outOfOrderAnswer, progressAnswer } from "./upload_answer.ts";
import { openFor } from "./upload_owner.ts";
import { abandon, cancelUpload, keepCheckpoint, settle } from "./upstream_upload.ts";

/**
 * A request within an upload: PATCH (end-5), PUT (end-6), GET (end-13) or DELETE (end-14).
 *
 * All that is known of the upload is in its address, sealed: any isolate goes on with it, and none
 * keeps anything. An address that was changed, or comes from another caller or for another repository,
 * is unknown, and nothing is sent anywhere.
 *
 * @param session Last part of the upload's path, as the door itself wrote it.
 */
export async function serveUpload(door: DoorRequest, session: string): Promise<Answer> {
  const { method } = door.request;
  const upload = await openFor(door, session);
  if (upload === undefined) return refuse("unknownUpload");
  if (method === "PATCH") return await servePatch(door, upload);
  if (method === "PUT") return await servePut(door, upload);
  if (method === "DELETE") {
    await cancelUpload(door, upload);
    return { status: 204, headers: {}, body: null, length: undefined };
  }
  await settle(door, upload);
  upload.mayHaveOne = upload.offset === 0;
  return await progressAnswer(door, upload, 204);
}

async function servePatch(door: DoorRequest, upload: Upload): Promise<Answer> {
  const chunk = await openChunk(door, upload, false);
  if ("answer" in chunk) return chunk.answer;
  if (!await sendChunk(door, upload, chunk.rest)) return await outOfOrderAnswer(door, upload);
  keepCheckpoint(door, upload);
  return await progressAnswer(door, upload, 202);
}

async function servePut(door: DoorRequest, upload: Upload): Promise<Answer> {
  const digest = tryParseDigest(door.url.searchParams.get("digest") ?? "");
  return digest === undefined
    ? refuse("badDigest")
    : await finishUpload(door, upload, digest, false);
}

/**
 * Take the last bytes, or all of them, and commit.
 *
 * @param isFresh Whether the upload was opened within this request.
 */
export async function finishUpload(
  door: DoorRequest,
  upload: Upload,
  digest: Digest,
  isFresh: boolean,
): Promise<Answer> {
  hashFor(upload, digest);
  const chunk = await openChunk(door, upload, isFresh);
  if ("answer" in chunk) {
    if (isFresh) abandon(door, upload); // the caller has no address to go on at
    return chunk.answer;
  }
  hashFor(upload, digest); // it may have been found elsewhere
  let { rest } = chunk;
  if (upload.mayHaveOne && rest.length > 0) {
    if (!await sendChunk(door, upload, rest)) return await outOfOrderAnswer(door, upload);
    rest = new Uint8Array(0);
  }
  const refusal = await commitUpload(door, upload, digest, rest);
  if (refusal !== undefined) return refuse(refusal);
  door.defer(door.services.checkpoints.delete(upload.id));
  return createdAnswer(door, digest);
}

/** The hash for a digest's algorithm: of bytes that have passed already, there is none. */
function hashFor(upload: Upload, digest: Digest): void {
  const algorithm = digestAlgorithm(digest);
  if (algorithm === upload.algorithm) return;
  upload.algorithm = algorithm;
  upload.hash = upload.offset === 0 ? wasmHasher(algorithm) : undefined;
}

/** Take a body in: what of it is not sent yet, or the answer that ends the request. */
async function openChunk(
  door: DoorRequest,
  upload: Upload,
  isFresh: boolean,
): Promise<{ readonly rest: Uint8Array<ArrayBuffer> } | { readonly answer: Answer }> {
  const headers = readChunkHeaders(door.request.headers);
  if (typeof headers === "string") return { answer: refuse(headers) };
  const { start, size } = headers;
  // the caller may know more than its address does
  if (start !== undefined && start !== upload.offset) await settle(door, upload);
  const isElsewhere = start !== undefined && start !== upload.offset;
  if (isElsewhere) return { answer: await outOfOrderAnswer(door, upload) };
  const body = callerBody(door, size);
  const work = receive(door, upload, body, isFresh);
  door.defer(work.catch(() => {})); // it ends in order also when the caller has gone
  return await work;
}

async function receive(
  door: DoorRequest,
  upload: Upload,
  body: CallerBody,
  isFresh: boolean,
): Promise<{ readonly rest: Uint8Array<ArrayBuffer> } | { readonly answer: Answer }> {
  try {
    const { rest, isElsewhere } = await receiveBody(door, upload, body, isFresh);
    return isElsewhere ? { answer: await outOfOrderAnswer(door, upload) } : { rest };
  } catch (error) {
    if (body.failure === undefined) throw error;
    keepCheckpoint(door, upload);
    return { answer: refuse(body.failure) };
  }
}
