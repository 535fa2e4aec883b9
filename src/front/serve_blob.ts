import { isTidegateError, SMALL_BODY_BYTES } from "../core/mod.ts";
import { type OpenBlob, openBlob } from "../client/mod.ts";
import {
  formatContentRange,
  pullBlobRequest,
  type RangeSpec,
  readPullBlobHead,
  resolveRange,
} from "../distribution/mod.ts";
import { observe } from "../observability/mod.ts";
import type { Digest } from "../reference/mod.ts";
import {
  type ByteRange,
  type ByteReader,
  readVerified,
  verifiedStream,
  type VerifyOptions,
} from "../verify/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { askedRange, blobHeaders } from "./blob_headers.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { ask, unlessRefused } from "./exchange.ts";
import { passRange } from "./pass_range.ts";
import { readAhead } from "./read_ahead.ts";

/**
 * GET or HEAD of a blob. Up to 64 KiB it is verified before the answer's head; a larger one flows
 * from the first byte, its last piece held back until size and digest are right. An upstream that
 * breaks off is asked for the rest, and the caller's answer goes on.
 */
export async function serveBlob(door: DoorRequest, digest: Digest): Promise<Answer> {
  const { request, services: { settings: { ranges } } } = door;
  if (request.method === "HEAD") {
    const size = await askSize(door, digest) ?? await openSize(door, digest);
    return { status: 200, headers: blobHeaders(digest, ranges), body: null, length: size };
  }
  const asked = ranges === "off" ? undefined : askedRange(request, digest);
  if (asked !== undefined && ranges === "pass") {
    const size = await askSize(door, digest);
    if (size !== undefined && !isWhole(asked, size)) {
      return await passRange(door, digest, asked, size);
    }
  }
  const blob = await openFor(door, digest);
  const { size } = blob;
  if (size === undefined || asked === undefined) return await answerWhole(door, digest, blob);
  const range = resolveRange(asked, size);
  if (range !== undefined) return await answerRange(door, digest, blob, size, range);
  await blob.reader.cancel();
  return refuse("badRange", {
    "content-range": formatContentRange({ start: undefined, end: undefined, size }),
  });
}

/** A range that is the whole blob can be verified, so it is. */
function isWhole(asked: RangeSpec, size: number): boolean {
  const range = resolveRange(asked, size);
  return range?.start === 0 && range.end === size - 1;
}

/** @returns Undefined where the upstream's HEAD does not tell, or where it answers none. */
async function askSize(door: DoorRequest, digest: Digest): Promise<number | undefined> {
  const { target, request: { signal } } = door;
  const request = pullBlobRequest(target, digest, { method: "HEAD", signal });
  const image = `${target.repository}@${digest}`;
  const response = await unlessRefused(ask(door, request, image));
  response?.release();
  return response && readPullBlobHead(response.status, response.headers).size;
}

/** The size as GET would give it. */
async function openSize(door: DoorRequest, digest: Digest): Promise<number | undefined> {
  const { reader, size } = await openFor(door, digest);
  await reader.cancel();
  return size;
}

/** A small blob of which the upstream does not tell the length is read here, to learn it. */
async function openFor(door: DoorRequest, digest: Digest): Promise<OpenBlob> {
  const { send, target, request: { signal }, services: { clock, random, observer } } = door;
  const blob = await openBlob(send, target, digest, { signal, clock, random, observer });
  return blob.size === undefined ? await readAhead(blob.reader, SMALL_BODY_BYTES) : blob;
}

async function answerWhole(
  door: DoorRequest,
  digest: Digest,
  { reader, size }: OpenBlob,
): Promise<Answer> {
  const { hasher } = door.services;
  const headers = blobHeaders(digest, door.services.settings.ranges);
  if (size !== undefined && size <= SMALL_BODY_BYTES) {
    const options = { digest, size, hasher, maximum: SMALL_BODY_BYTES };
    return bytesAnswer(200, headers, await readVerified(reader, options));
  }
  return {
    status: 200,
    headers,
    body: stream(door, reader, { digest, size, hasher }),
    length: size,
  };
}

async function answerRange(
  door: DoorRequest,
  digest: Digest,
  { reader }: OpenBlob,
  size: number,
  range: ByteRange,
): Promise<Answer> {
  const { hasher } = door.services;
  const headers = {
    ...blobHeaders(digest, door.services.settings.ranges),
    "content-range": formatContentRange({ ...range, size }),
  };
  if (size <= SMALL_BODY_BYTES) {
    const options = { digest, size, range, hasher, maximum: SMALL_BODY_BYTES };
    return bytesAnswer(206, headers, await readVerified(reader, options));
  }
  const body = stream(door, reader, { digest, size, range, hasher });
  return { status: 206, headers, body, length: range.end + 1 - range.start };
}

/** What happens to the transfer after the answer's head is for the log: the caller sees it break. */
function stream(
  door: DoorRequest,
  reader: ByteReader,
  options: VerifyOptions & { readonly digest: Digest },
): ReadableStream<Uint8Array> {
  // a caller that has gone takes nothing more: neither read nor write may wait for it
  const body = verifiedStream(reader, { ...options, signal: door.request.signal });
  const { observer } = door.services;
  const { digest, size } = options;
  const upstream = door.selection.upstream.upstream.name;
  const outcome = body.verified.then(
    () => {
      if (size === undefined) return;
      observe(observer, { type: "blob.verified", upstream, digest, size });
    },
    (error) => {
      if (!isTidegateError(error)) return; // the caller went away
      observe(observer, { type: "blob.rejected", upstream, digest, code: error.code });
    },
  );
  door.defer(outcome);
  return body;
}
