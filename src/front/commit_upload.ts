import { type ErrorCode, isTidegateError, isTransient, type Send } from "../core/mod.ts";
import { openBlob } from "../client/mod.ts";
import { deleteBlobRequest, finishUploadRequest, readUploadFinish } from "../distribution/mod.ts";
import { observe } from "../observability/mod.ts";
import { type Digest, formatDigest } from "../reference/mod.ts";
import { discardSink, pumpVerified } from "../verify/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import type { RefusalName } from "./error_answer.ts";
import { hasBlob } from "./has_blob.ts";
import { restoreHash, type Upload } from "./upload.ts";
import { abandon, exchange, statusOf } from "./upstream_upload.ts";

/**
 * End an upload, if its bytes are those of the digest.
 *
 * Where every byte was hashed on its way, the upstream is asked to commit only when the digest is
 * right. Where some were not, the upstream's own check decides, and the blob is then read back through
 * ours: no blob is acknowledged that the door has not verified.
 *
 * @param rest The last bytes, not sent yet.
 * @returns Why it is refused; undefined when the blob is there and verified.
 * @throws {TidegateError} What the upstream answered, or what happened on the way.
 */
export async function commitUpload(
  door: DoorRequest,
  upload: Upload,
  digest: Digest,
  rest: Uint8Array<ArrayBuffer>,
): Promise<RefusalName | undefined> {
  const size = upload.offset + rest.length;
  const computed = digestWith(upload, rest);
  if (computed !== undefined && computed !== digest) {
    abandon(door, upload);
    tellRejected(door, digest, "DIGEST_MISMATCH");
    return "wrongDigest";
  }
  const outcome = await commit(door, upload, digest, rest);
  if (outcome === "refused") return "wrongDigest";
  const isHashed = outcome === "committed" && computed === digest;
  const refusal = isHashed ? undefined : await readBack(door, upload, digest, size);
  if (refusal === undefined) tellFinished(door, digest, size);
  return refusal;
}

function tellRejected({ selection, services }: DoorRequest, digest: Digest, code: ErrorCode): void {
  const upstream = selection.upstream.upstream.name;
  observe(services.observer, { type: "blob.rejected", upstream, digest, code });
}

function tellFinished({ selection, services }: DoorRequest, digest: Digest, size: number): void {
  observe(services.observer, {
    type: "upload.finished",
    upstream: selection.upstream.upstream.name,
    repository: selection.repository,
    ...{ digest, size, outcome: "uploaded", sentBytes: size, chunks: undefined },
  });
}

/** The digest of all bytes; undefined when not all were hashed. The upload's hash stays as it is. */
function digestWith({ algorithm, hash }: Upload, rest: Uint8Array): Digest | undefined {
  const copy = hash && restoreHash(algorithm, hash.exportState());
  if (copy === undefined) return undefined;
  copy.update(rest);
  return formatDigest(algorithm, copy.digest());
}

/** `doubted`: it was committed, but the upstream says another digest than was asked for. */
async function commit(
  door: DoorRequest,
  upload: Upload,
  digest: Digest,
  rest: Uint8Array<ArrayBuffer>,
): Promise<"committed" | "doubted" | "refused"> {
  const last = rest.length === 0 ? {} : { body: rest, start: upload.offset, size: rest.length };
  const request = finishUploadRequest(door.target, upload.location, digest, last);
  try {
    const { digest: said } = await exchange(
      door,
      request,
      [201, 204],
      ({ status, headers }) => readUploadFinish(status, headers),
    );
    return said === undefined || said === digest ? "committed" : "doubted";
  } catch (error) {
    if (statusOf(error) === 400) return "refused";
    // its answer may have been lost after the commit; repeated, it no longer finds the upload
    const mayBeThere = isTransient(error) || isTidegateError(error, "NOT_FOUND");
    const size = upload.offset + rest.length;
    if (mayBeThere && await hasBlob(door, digest, request.scopes, size)) return "committed";
    throw error;
  }
}

/**
 * A blob that is not what it is called is deleted, if the upstream lets us. One of another size may be
 * what it is called: the upstream had it before and never looked at these bytes. It stays.
 */
async function readBack(
  door: DoorRequest,
  { location }: Upload,
  digest: Digest,
  size: number,
): Promise<RefusalName | undefined> {
  const { target, request: { signal }, services } = door;
  const { clock, random, observer, hasher } = services;
  const { scopes } = finishUploadRequest(target, location, digest); // one token serves both
  const send: Send = (request) => door.send({ ...request, scopes });
  observe(observer, { type: "blob.read_back", digest, size });
  try {
    const { reader } = await openBlob(send, target, digest, {
      ...{ size, signal, clock, random, observer },
    });
    await pumpVerified(reader, discardSink, { digest, size, hasher, signal });
    return undefined;
  } catch (error) {
    const isWrong = isTidegateError(error, "DIGEST_MISMATCH") ||
      isTidegateError(error, "BLOB_SIZE_MISMATCH");
    if (!isWrong) throw error;
    tellRejected(door, digest, error.code);
    if (error.code === "BLOB_SIZE_MISMATCH") return "wrongDigest";
    const request = deleteBlobRequest(target, digest);
    const deleted = exchange(door, request, [200, 202, 204], () => undefined).catch(() => {});
    door.defer(deleted);
    await deleted; // or the caller would still find it when it looks
    return "wrongDigest";
  }
}
