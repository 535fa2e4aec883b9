import type { PushBlobOptions, PushedBlob, UploadRecord } from "../client/mod.ts";
import { type ErrorCode, isTidegateError } from "../core/mod.ts";
import type { BlobArrival, BlobTransfer } from "./endpoint.ts";
import { afterOthers } from "./learned.ts";
import { isNodesFetch, isRuntime } from "../transport/mod.ts";
import type { RegistryPlace } from "./registry_place.ts";
import type { UploadSlot } from "./upload_records.ts";

/**
 * Two of them are held for each blob in flight, where chunks are held: six blobs take 48 MiB, eight on
 * Node 64 where the registry does not count what it gets. Bun copies what it sends, so there six blobs
 * of 3 MiB take as much.
 */
const CHUNK_BYTES: number = (isRuntime("Bun") ? 3 : 4) * 1024 * 1024;
/** Of a chunk that is not held: fewer of them are faster, as registries sync their disks after each. */
const STREAM_BYTES: number = 64 * 1024 * 1024;

/** Below it is cheaper to send a blob again than to wait until another repository can give it. */
const WORTH_WAITING_BYTES: number = 1024 * 1024;

/** What says that an upload cannot be continued, if it comes before the first progress. */
const WORTHLESS: ReadonlySet<ErrorCode> = new Set([
  "HASH_STATE_INVALID",
  "ORIGIN_NOT_TRUSTED",
  "UPLOAD_FAILED",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "SERVER_ERROR",
  "INVALID_RESPONSE",
  "UNEXPECTED_RESPONSE",
]);

/**
 * Bring a blob into a registry, each only once however many copies of this client want it: the
 * others wait, and then find it, or mount it.
 */
export async function putRegistryBlob(
  place: RegistryPlace,
  transfer: BlobTransfer,
): Promise<BlobArrival> {
  const { learned, ref: { registry, repository } } = place;
  const { descriptor: { digest, size }, force, origin, seen, signal } = transfer;
  if (origin?.client === place.client && origin.registry === registry) {
    learned.sawBlob(registry, origin.repository, digest);
  }
  const where = size < WORTH_WAITING_BYTES ? `${registry}/${repository}` : registry;
  const bring = async (): Promise<Pick<PushedBlob, "outcome" | "sentBytes">> => {
    if (!force && seen.has(registry, repository, digest)) {
      return { outcome: "exists", sentBytes: 0 };
    }
    return await push(place, transfer).catch(throwOfFiles);
  };
  const pushed = await afterOthers(learned.flights, `${where}@${digest}`, signal, bring);
  learned.sawBlob(registry, repository, digest);
  seen.add(registry, repository, digest);
  const { outcome, sentBytes } = pushed;
  return {
    outcome: outcome === "uploaded" ? "transferred" : outcome,
    transferredBytes: sentBytes,
  };
}

async function push(place: RegistryPlace, transfer: BlobTransfer): Promise<PushedBlob> {
  const { options, options: { records }, ref, name: destination } = place;
  const { chunkBytes } = requestSizes(options);
  const { descriptor: { digest, size }, origin } = transfer;
  // what fits into one request has nothing to be continued
  if (records === undefined || size <= chunkBytes) return await put(place, transfer, {});
  const source = origin === undefined ? "a file" : `${origin.registry}/${origin.repository}`;
  const slot = await records.claim(ref, digest, { source, destination });
  if (slot === undefined) return await put(place, transfer, {});
  try {
    const onRecord = (record: UploadRecord): Promise<void> => slot.save(record);
    const pushed = await resume(place, transfer, slot) ?? await put(place, transfer, { onRecord });
    await slot.remove();
    return pushed;
  } catch (error) {
    if (isHopeless(error)) await slot.remove();
    throw error;
  } finally {
    await slot.release();
  }
}

/** A source in files that cannot be read says itself why: damaged, or no right to it. */
function throwOfFiles(error: unknown): never {
  const { cause } = Object(error) as { readonly cause?: unknown };
  const isOfFiles = isTidegateError(cause, "CACHE_CORRUPT") || isTidegateError(cause, "CACHE_IO") ||
    isTidegateError(cause, "CACHE_NOT_FOUND");
  throw isTidegateError(error, "UPLOAD_FAILED") && isOfFiles ? cause : error;
}

function isHopeless(error: unknown): boolean {
  return isTidegateError(error, "DIGEST_MISMATCH") || isTidegateError(error, "BLOB_SIZE_MISMATCH");
}

async function put(
  { client, learned, options: sizes, ref }: RegistryPlace,
  { descriptor: { digest, size }, force, isLocal, isNew, onProgress, signal, source }: BlobTransfer,
  options: Pick<PushBlobOptions, "onRecord">,
): Promise<PushedBlob> {
  const from = learned.blobs(ref.registry, digest);
  // an earlier run may have left some: what is small is sent again sooner than it is asked for
  const isLikelyNew = isNew && size < WORTH_WAITING_BYTES && from.length === 0;
  return await client.blobs.put(ref, source, {
    digest,
    size,
    force: force || isLikelyNew,
    ...requestSizes(sizes),
    from,
    rehash: isLocal,
    signal,
    onProgress,
    ...options,
  });
}

/** What is streamed need not be held; where nothing is, a chunk is what was asked for. */
function requestSizes(
  { chunkBytes }: RegistryPlace["options"],
): { readonly chunkBytes: number; readonly streamBytes?: number } {
  if (!isNodesFetch()) return { chunkBytes: chunkBytes ?? CHUNK_BYTES };
  const streamBytes = chunkBytes ?? STREAM_BYTES;
  return { chunkBytes: Math.min(CHUNK_BYTES, Math.ceil(streamBytes / 4)), streamBytes };
}

/**
 * A record that makes no sense is worth nothing, nor is one whose upload the registry refuses, as it
 * does when a signed location has expired: then the blob is pushed anew.
 */
async function resume(
  { client, options: sizes, ref }: RegistryPlace,
  transfer: BlobTransfer,
  { save, saved }: UploadSlot,
): Promise<PushedBlob | undefined> {
  const { isLocal, onProgress, onResume, signal, source } = transfer;
  if (saved === undefined || transfer.force) return undefined;
  let isFirst = true;
  try {
    return await client.blobs.resumeUpload(saved.record, source, {
      ref,
      ...requestSizes(sizes),
      rehash: isLocal,
      signal,
      onRecord: save,
      onProgress(arrivedBytes): void {
        if (isFirst && arrivedBytes > 0) onResume(arrivedBytes);
        isFirst = false;
        onProgress(arrivedBytes);
      },
    });
  } catch (error) {
    if (isFirst && isTidegateError(error) && WORTHLESS.has(error.code)) return undefined;
    throw error;
  }
}
