import type { Reference } from "../reference/mod.ts";
import { openSource, type PushSource } from "./blob_source.ts";
import type { ClientContext } from "./context.ts";
import { runOperation } from "./operation.ts";
import {
  blobReference,
  checkJob,
  type PushedBlob,
  type PushJob,
  settlePush,
  upload,
  type UploadOptions,
} from "./push_blob.ts";
import { askStatus, findBlob, permitSession } from "./upload_calls.ts";
import { parseUploadRecord, type UploadProgress, type UploadRecord } from "./upload_record.ts";
import { countOf } from "./upload_state.ts";

/** How an upload is continued. */
export interface ResumeUploadOptions extends UploadOptions {
  /** The repository that the record must be of, where the caller knows. */
  readonly ref?: Pick<Reference, "registry" | "repository"> | undefined;
}

/**
 * Continue an upload that another process began, from the record that it kept.
 *
 * The registry is asked how far it came: what it has beyond the record is hashed from the source,
 * what it has lost is sent again, and an upload that it has forgotten starts from zero.
 *
 * @param record As `onRecord` was given it, or read from JSON: it is checked.
 * @param source The same bytes, from their start.
 * @throws {TidegateError} UPLOAD_FAILED for a malformed record or one of another repository;
 * HASH_STATE_INVALID; ORIGIN_NOT_TRUSTED for a location that the registry may not name; and what
 * `pushBlob` throws.
 */
export async function resumeUpload(
  context: ClientContext,
  record: UploadRecord,
  source: PushSource,
  options: ResumeUploadOptions = {},
): Promise<PushedBlob> {
  const progress = parseUploadRecord(record, options.ref, context.settings.savableHasher);
  return await runOperation(
    context,
    "blob.put",
    blobReference(progress.target, progress.digest),
    (context) => goOn(context, progress, source, options),
  );
}

async function goOn(
  context: ClientContext,
  progress: UploadProgress,
  source: PushSource,
  options: ResumeUploadOptions,
): Promise<PushedBlob> {
  const { algorithm, digest, size, target } = progress;
  const opened = openSource(source, context.settings.clock);
  const job = checkJob(context, target, opened, { ...options, algorithm, digest, size });
  return await settlePush(
    job,
    async () => await findDone(job) ?? await continueUpload(job, progress),
  );
}

/** The record may be older than the end of its upload. */
async function findDone(job: PushJob): Promise<PushedBlob | undefined> {
  const { digest } = job;
  const size = digest && await findBlob(job, digest, job.size);
  if (digest === undefined || size === undefined) return undefined;
  return { digest, size, outcome: "exists", sentBytes: 0 };
}

async function continueUpload(job: PushJob, progress: UploadProgress): Promise<PushedBlob> {
  const { origin } = job.connection.target;
  const { location, offset } = progress;
  // the record was out of our hands: its location is worth no more than one that a registry names
  const known = permitSession(job, { location }, `${origin}/v2/`);
  const status = await askStatus(job, known.location);
  if (status.state !== "known") return await upload(job);
  job.session = status.session;
  const { receivedEnd } = status.session;
  const received = receivedEnd === undefined ? offset : countOf(receivedEnd, offset);
  const { hasher } = progress;
  return await upload(job, hasher && { ...progress, hasher }, received);
}
