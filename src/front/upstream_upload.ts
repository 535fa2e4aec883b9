import {
  encodeBase64Url,
  type HashAlgorithm,
  isTidegateError,
  type RegistryRequest,
  type RegistryResponse,
} from "../core/mod.ts";
import { baseOf, permitLocation, responseFailure } from "../client/mod.ts";
import {
  cancelUploadRequest,
  readUploadStart,
  readUploadStatus,
  startUploadRequest,
  type UploadSession,
  type UploadStart,
  uploadStatusRequest,
} from "../distribution/mod.ts";
import { wasmHasher } from "../hash/mod.ts";
import { discard } from "../transport/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import type { Upload } from "./upload.ts";
import { openFor, sealFor } from "./upload_owner.ts";

/** How long an upload's address opens, in milliseconds. Registries give up on one after a week. */
const UPLOAD_MS = 24 * 60 * 60_000;
const ID_BYTES = 16;

/**
 * Open an upload at the upstream.
 * @throws {TidegateError} What the upstream answered, ORIGIN_NOT_TRUSTED for where it wants the bytes.
 */
export async function startUpstream(door: DoorRequest, algorithm: HashAlgorithm): Promise<Upload> {
  const request = startUploadRequest(door.target, {
    algorithm: algorithm === "sha256" ? undefined : algorithm,
  });
  return await exchange(door, request, [202], ({ status, headers }, from) => {
    const start = readUploadStart(status, headers, from) as UploadStart & { state: "open" };
    return adoptSession(door, algorithm, start.session, from);
  });
}

/** An upload that the upstream has just opened, as {@linkcode goOn}. */
export function adoptSession(
  door: DoorRequest,
  algorithm: HashAlgorithm,
  session: UploadSession,
  from: string,
): Upload {
  const { clock, random } = door.services;
  const upload: Upload = {
    id: encodeBase64Url(random.bytes(ID_BYTES)),
    expiresAt: clock.now() + UPLOAD_MS,
    location: "",
    offset: 0,
    algorithm,
    hash: wasmHasher(algorithm),
    minChunkBytes: session.minChunkBytes,
  };
  goOn(door, upload, session, from);
  return upload;
}

/**
 * Take over where the upstream says that the upload goes on.
 *
 * @param from Who says so.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED unless that is its own origin or one of `uploadOrigins`;
 * INVALID_RESPONSE when one of these leads back to something else than an upload.
 */
export function goOn(
  { selection: { upstream: { upstream } }, services: { observer }, target }: DoorRequest,
  upload: Upload,
  { location, minChunkBytes }: UploadSession,
  from: string,
): void {
  upload.location = permitLocation({ upstream, observer }, target, location, from);
  upload.minChunkBytes = minChunkBytes ?? upload.minChunkBytes;
}

/**
 * Find out how much the upstream has, and move there.
 * @throws {TidegateError} What {@linkcode askReceived} throws.
 */
export async function settle(door: DoorRequest, upload: Upload): Promise<void> {
  const checkpoints = await door.services.checkpoints.get(upload.id);
  // distribution answers only at its newest address, which the caller may never have got
  const [offset = 0, sealed = ""] = [...checkpoints].at(-1) ?? [];
  if (offset > upload.offset) Object.assign(upload, await openFor(door, sealed));
  await moveTo(door, upload, await askReceived(door, upload));
}

/**
 * Ask how many bytes the upstream has, and where it goes on.
 * @throws {TidegateError} NOT_FOUND when it does not know the upload, or what else it answered.
 */
export async function askReceived(door: DoorRequest, upload: Upload): Promise<number> {
  const request = uploadStatusRequest(door.target, upload.location);
  return await exchange(door, request, [200, 202, 204], ({ status, headers }, from) => {
    const session = readUploadStatus(status, headers, from);
    goOn(door, upload, session, from);
    return receivedBytes(session, upload.offset);
  });
}

/** Go on at another offset than the hash is at: with a checkpoint's hash, or else with none. */
export async function moveTo(door: DoorRequest, upload: Upload, offset: number): Promise<void> {
  if (offset === upload.offset) return;
  const { id, algorithm } = upload;
  upload.offset = offset;
  upload.hash = offset === 0 ? wasmHasher(algorithm) : undefined;
  if (offset === 0) return;
  const sealed = (await door.services.checkpoints.get(id)).get(offset);
  const kept = sealed === undefined ? undefined : await openFor(door, sealed);
  if (kept?.algorithm === algorithm) upload.hash = kept.hash;
}

/**
 * How many bytes an answer says that there are. `0-0` is said for one byte as for none: then it is
 * what was expected, if that is one of the two.
 */
export function receivedBytes({ receivedEnd }: UploadSession, expected: number): number {
  if (receivedEnd === undefined || (receivedEnd <= 0 && expected === receivedEnd + 1)) {
    return expected;
  }
  return receivedEnd <= 0 ? 0 : receivedEnd + 1;
}

/** Keep where an upload stands for a caller that does not get the answer. Not waited for. */
export function keepCheckpoint(door: DoorRequest, upload: Upload): void {
  const { id, offset } = upload;
  const kept = sealFor(door, upload)
    .then((sealed) => door.services.checkpoints.put(id, offset, sealed));
  door.defer(kept.catch(() => {}));
}

/**
 * Give an upload up. An upstream that wants more rights for that forgets it by itself.
 * @throws {TidegateError} What the upstream answered, but 401, 403 and 405.
 */
export async function cancelUpload(door: DoorRequest, upload: Upload): Promise<void> {
  door.defer(door.services.checkpoints.delete(upload.id));
  const request = cancelUploadRequest(door.target, upload.location);
  await exchange(door, request, [200, 202, 204, 401, 403, 405], () => undefined);
}

/** {@linkcode cancelUpload} of an upload that failed already: what comes of it is nobody's concern. */
export function abandon(door: DoorRequest, upload: Upload): void {
  door.defer(cancelUpload(door, upload).catch(() => {}));
}

/**
 * Send a request whose answer is in its head.
 *
 * @param accepted Statuses to be read.
 * @param read Its second argument is who answered: what a relative `Location` is resolved against.
 * @throws {TidegateError} What another status means, or what happened on the way.
 */
export async function exchange<T>(
  door: DoorRequest,
  request: RegistryRequest,
  accepted: readonly number[],
  read: (response: RegistryResponse, from: string) => T,
): Promise<T> {
  const { services: { clock }, target: { repository } } = door;
  const response = await door.send(request);
  if (!accepted.includes(response.status)) {
    throw await responseFailure(response, `upload to ${repository}`, clock, undefined);
  }
  discard(response, clock);
  return read(response, baseOf(request, response));
}

/** The status that an error tells of, or undefined for one of the way there. */
export function statusOf(error: unknown): number | undefined {
  if (!isTidegateError(error)) return undefined;
  return "status" in error.details ? error.details.status : undefined;
}
