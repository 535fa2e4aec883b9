import { isTidegateError, TidegateError } from "../core/mod.ts";
import type { UploadSession } from "../distribution/mod.ts";
import { observe } from "../observability/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { OpenableSource } from "./blob_source.ts";
import type { ChunkLimit } from "./chunk_limit.ts";
import { isResumable, type ResumeProgress } from "./resume_progress.ts";
import { untilCircuitCloses } from "./resuming_reader.ts";
import { askStatus, digestMismatch, type PushScope } from "./upload_calls.ts";
import type { UploadWindow } from "./upload_window.ts";

/** One upload: what is fixed, and how far it has come. */
export interface Upload extends PushScope {
  readonly source: OpenableSource;
  readonly window: UploadWindow;
  readonly limit: ChunkLimit;
  readonly progress: ResumeProgress;
  /** What it must be, when that is known. */
  readonly digest: Digest | undefined;
  readonly size: number | undefined;
  readonly algorithm: "sha256" | "sha512";
  /** Most bytes of a chunk that is streamed from the source, not held; 0 for none. */
  readonly streamLimit: number;
  /** Told after each chunk that has arrived; it may keep what it needs to go on later. */
  readonly onProgress?: ((upload: Upload) => void | Promise<void>) | undefined;
  /** Absent before the start. */
  session?: UploadSession | undefined;
  /** A `Range` that stays where it is though the bytes arrive: ECR. */
  stuckEnd?: number | undefined;
  /** Whether bytes may have been taken twice, or not at all. */
  isDoubtful: boolean;
  /** Offset of the last bytes whose answer was lost. */
  lostAt?: number | undefined;
  /** Offset of the last chunk that was refused as not fitting. */
  refusedAt?: number | undefined;
  /** Whether the registry has told of exactly the bytes that it was sent. */
  isCounted: boolean;
  /** Least of a chunk that is streamed, but for the last. */
  readonly firstStreamBytes: number;
  /** Length of the next chunk that is streamed; 0 where none may be. */
  streamBytes: number;
  /** Where the last one that was streamed and failed ends: so much may have arrived. */
  streamedEnd?: number | undefined;
  sentBytes: number;
  chunks: number;
}

/** How a try at an upload ended: with the blob, or with nothing to continue. */
export type UploadEnd =
  | { readonly state: "done"; readonly digest: Digest; readonly size: number }
  /** The registry has lost it, or has other bytes than were sent. */
  | { readonly state: "lost"; readonly reason: string; readonly cause?: unknown };

/** An end with nothing to continue. */
type Lost = UploadEnd & { readonly state: "lost" };

/** An upload whose location is known. */
export type OpenUpload = Upload & { session: UploadSession };

/** @throws {TidegateError} DIGEST_MISMATCH, before the registry is told that this was all. */
export async function assertDigest({ digest, window }: Upload): Promise<void> {
  if (digest === undefined) return;
  const computed = await window.digest();
  if (computed === digest) return;
  const message = `The source's digest is ${computed}, but ${digest} was to be pushed`;
  throw digestMismatch(message, digest, computed);
}

/** Whether chunks will be streamed from the source, once the registry has counted one right. */
export function mayStream(
  { limit, session, size = 0, streamBytes, streamLimit, window }: OpenUpload,
): boolean {
  const held = limit.next(session);
  const isLonger = limit.next(session, streamLimit) > held; // else there is nothing to gain
  return streamBytes > 0 && isLonger && size - window.start > held;
}

/** What may go better a moment later: 408, 425, 499 come from proxies. */
export function isPassing(error: unknown, status: number): boolean {
  return isResumable(error) || [408, 425, 499].includes(status);
}

/**
 * Something broke: wait, ask what has arrived, and go on from there.
 *
 * @returns Undefined to go on.
 * @throws {TidegateError} The failure itself, when it has happened too often.
 */
export async function recover(
  upload: OpenUpload,
  failure: unknown,
): Promise<UploadEnd | undefined> {
  upload.isDoubtful = true;
  for (let latest = failure;;) {
    await pause(upload, latest);
    try {
      const status = await askStatus(upload, upload.session.location);
      if (status.state === "gone") return lost("the registry has forgotten the upload", failure);
      if (status.state === "untold") return untold(upload, failure);
      upload.session = keepLimits(upload.session, status.session);
      announceResume(upload, upload.window.start, reasonOf(failure));
      const { receivedEnd } = status.session;
      if (receivedEnd === undefined || receivedEnd === upload.stuckEnd) {
        return untold(upload, failure);
      }
      return await settle(upload, receivedEnd);
    } catch (error) {
      if (!isResumable(error)) throw error;
      latest = error;
    }
  }
}

/** What is held is sent again: it fits, or is refused. Of what was streamed nobody knows what fits. */
function untold(upload: Upload, failure: unknown): UploadEnd | undefined {
  const { streamedEnd = 0, window } = upload;
  if (window.length > 0 || streamedEnd <= window.start) return undefined;
  upload.streamBytes = 0;
  return lost("the registry does not tell how far it got", failure);
}

/** Go on where the registry says that it is. */
export async function settle(
  upload: OpenUpload,
  receivedEnd: number,
): Promise<UploadEnd | undefined> {
  const { connection: { upstream: { profile } }, source, streamedEnd = 0, window } = upload;
  const received = countOf(receivedEnd, window.start);
  if (received > window.start + window.length) {
    if (window.length > 0 || received > streamedEnd) {
      return lost("the registry has more than was sent");
    }
    return await window.skip(received - window.start), undefined;
  }
  const isPart = received > 0 && received < window.start + window.length;
  if (isPart && !profile.multipleChunks) return lost("the registry takes it in one chunk only");
  if (received >= window.start) window.drop(received - window.start);
  else if (!source.replayable) return lost("the registry has lost a part");
  else await window.seek(received);
  return undefined;
}

/** Bytes that `Range: 0-N` tells of. 0-0 is nothing, or one byte if so many were acknowledged. */
export function countOf(receivedEnd: number, acknowledged: number): number {
  return receivedEnd === 0 && acknowledged === 0 ? 0 : receivedEnd + 1;
}

/** A later answer need not say again what the first one said of lengths. */
export function keepLimits(before: UploadSession, after: UploadSession): UploadSession {
  const { minChunkBytes = before.minChunkBytes, maxChunkBytes = before.maxChunkBytes } = after;
  return { ...after, minChunkBytes, maxChunkBytes };
}

/** Wait before another try, or give up with what went wrong. */
export async function pause(upload: Upload, failure: unknown): Promise<void> {
  const { context: { settings: { clock, random, resume } }, progress, signal, window } = upload;
  signal?.throwIfAborted();
  const wait = progress.next(window.start, clock.now(), random.float());
  if (typeof wait === "string") throw failure;
  const longest = Math.max(wait, untilCircuitCloses(failure, clock.now()));
  if (longest > resume.progressMs) throw failure;
  if (longest > 0) await clock.sleep(longest, signal);
}

/** Tell that the upload goes on. */
export function announceResume(upload: Upload, offset: number, reason: string): void {
  observe(upload.context.settings.observer, {
    type: "upload.resumed",
    ...uploadFacts(upload),
    offset,
    reason,
  });
}

/** What every event about an upload says of it. */
export function uploadFacts(
  { connection: { target, upstream }, digest }: Pick<Upload, "connection" | "digest">,
): { readonly upstream: string; readonly repository: string; readonly digest: string | undefined } {
  return { upstream: upstream.name, repository: target.repository, digest };
}

/**
 * Ask what the registry has of a chunk whose answer was lost, or tells of none of the bytes.
 *
 * @returns What it says now, undefined for nothing; or that it has forgotten the upload.
 */
export async function askReceived(
  upload: OpenUpload,
): Promise<Lost | { readonly state: "asked"; readonly receivedEnd: number | undefined }> {
  const status = await askStatus(upload, upload.session.location);
  if (status.state === "gone") return lost("the registry has forgotten the upload");
  if (status.state === "untold") return { state: "asked", receivedEnd: undefined };
  upload.session = keepLimits(upload.session, status.session);
  return { state: "asked", receivedEnd: status.session.receivedEnd };
}

/**
 * What the registry says is worth nothing: the own count holds, and the digest decides in the end.
 *
 * @param stuckEnd The last byte that it tells of, whatever it is sent; undefined where it tells of none.
 */
export function trustOwnCount(upload: Upload, stuckEnd: number | undefined): void {
  upload.isDoubtful = true;
  upload.stuckEnd = stuckEnd;
}

/** Nothing of the registry's is left to continue. */
export function lost(reason: string, cause?: unknown): Lost {
  return { state: "lost", reason, cause };
}

/** The error for an upload that cannot go on. */
export function uploadFailed(reason: string, cause?: unknown): TidegateError<"UPLOAD_FAILED"> {
  const options = cause === undefined ? {} : { cause };
  return new TidegateError("UPLOAD_FAILED", `The upload failed: ${reason}`, { reason }, options);
}

function reasonOf(failure: unknown): string {
  return isTidegateError(failure) ? failure.code : "unknown";
}
