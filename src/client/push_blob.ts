import { type HashAlgorithm, isTidegateError, TidegateError } from "../core/mod.ts";
import type { UploadSession } from "../distribution/mod.ts";
import { wasmHasher } from "../hash/mod.ts";
import { observe } from "../observability/mod.ts";
import {
  type Digest,
  digestAlgorithm,
  formatDigest,
  parseDigest,
  parseRepositoryName,
  type Reference,
  tryParseDigest,
} from "../reference/mod.ts";
import { type OpenableSource, openSource, type PushSource } from "./blob_source.ts";
import { CHUNK_BYTES, createChunkLimit } from "./chunk_limit.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { tryMounts } from "./mount_blob.ts";
import { runOperation } from "./operation.ts";
import { createResumeProgress } from "./resume_progress.ts";
import { canStream, firstStreamBytes, STREAM_BYTES } from "./stream_chunk.ts";
import { runUpload } from "./upload.ts";
import { cancelSession, findBlob, type PushScope } from "./upload_calls.ts";
import { formatUploadRecord, type HashedProgress, type UploadRecord } from "./upload_record.ts";
import { type Upload, uploadFacts } from "./upload_state.ts";
import { createUploadWindow, type UploadWindow } from "./upload_window.ts";

/** How bytes are sent. */
export interface UploadOptions extends CallOptions {
  /**
   * Most bytes of one request. The upload holds two such chunks: one is read while one is sent. Default
   * is 16 MiB on Node, 10 MiB on Bun, and 7 MiB elsewhere; what the registry or its profile allows may
   * be less, and what it wants at least more.
   */
  readonly chunkBytes?: number | undefined;
  /**
   * Most bytes of a request that is streamed from a source that can be read again: nothing of it is
   * held, so it may be long, which is faster; but it is sent again from where the registry got to. The
   * first has 8 MiB, or twice `chunkBytes` if that is more; while one takes less than a second, the next
   * has twice as much, or what goes in a second at its pace if that is more.
   * Where it would be no longer than `chunkBytes` nothing is streamed. Only on Node, whose `fetch` says
   * how long a stream is. Default is `chunkBytes` where that is given, else 64 MiB.
   */
  readonly streamBytes?: number | undefined;
  /**
   * Told what another process needs to continue the upload, after each chunk that has arrived. Then
   * an upload that is aborted or broken is not cancelled. The record is a secret.
   */
  readonly onRecord?: ((record: UploadRecord) => void | Promise<void>) | undefined;
  /**
   * Leave the hash out of the records: whoever continues reads the source from its start. For files
   * that is cheaper, as the runtime's own hash is faster than one that can be saved. Default is `false`.
   */
  readonly rehash?: boolean | undefined;
  /** Told how many bytes have arrived, after each chunk. Must not throw. */
  readonly onProgress?: ((arrivedBytes: number) => void) | undefined;
}

/** How a blob is pushed. */
export interface PushBlobOptions extends UploadOptions {
  /** What it must be. Without it the blob is sent in any case, and its digest computed on the way. */
  readonly digest?: string | undefined;
  /** Its length, where a descriptor tells. Default is the source's own. */
  readonly size?: number | undefined;
  /** What to compute where no digest is given. Default is sha256. */
  readonly algorithm?: HashAlgorithm | undefined;
  /** Repositories of the same registry that may have it: tried in order. */
  readonly from?: string | readonly string[] | undefined;
  /** Let the registry look for it in all repositories. Few do. Default is `false`. */
  readonly mountAnywhere?: boolean | undefined;
  /** Send it even where the registry says that it is there, or could mount it. Default is `false`. */
  readonly force?: boolean | undefined;
}

/** A blob that is in the registry. */
export interface PushedBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** Whether it was there, came from another repository, or was sent. */
  readonly outcome: "exists" | "mounted" | "uploaded";
  /** Bytes that were sent, those sent again included. */
  readonly sentBytes: number;
}

/**
 * Bring a blob into a repository with as little traffic as it takes: not at all if it is there, by a
 * mount from another repository, in one request if it is small, else in chunks. Memory does not
 * grow with its size.
 *
 * What breaks goes on where it broke. What was lost on the way starts again from zero if the source
 * can be read again. Nothing is committed unless size and digest are right.
 *
 * @throws {TidegateError} INVALID_DIGEST, INVALID_NAME before any request; BLOB_SIZE_MISMATCH,
 * DIGEST_MISMATCH before anything is committed; UPLOAD_FAILED; ORIGIN_NOT_TRUSTED for an upload that
 * the registry sends elsewhere; what the registry answers.
 * @throws {TypeError} For sizes that are none, or a source that is none.
 */
export async function pushBlob(
  context: ClientContext,
  ref: Pick<Reference, "registry" | "repository">,
  source: PushSource,
  options: PushBlobOptions = {},
): Promise<PushedBlob> {
  return await runOperation(
    context,
    "blob.put",
    blobReference(ref, options.digest),
    (context) => bringBlob(context, ref, source, options),
  );
}

/** A pushed blob as a reference, for events. */
export function blobReference(
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  digest: string | undefined,
): Reference {
  const known = tryParseDigest(digest ?? "");
  return { registry, repository, ...(known && { digest: known }) };
}

async function bringBlob(
  context: ClientContext,
  ref: Pick<Reference, "registry" | "repository">,
  source: PushSource,
  options: PushBlobOptions,
): Promise<PushedBlob> {
  const { clock } = context.settings;
  const opened = openSource(source, clock);
  const digest = options.digest === undefined
    ? await digestOf(context, source, options.algorithm)
    : parseDigest(options.digest);
  const job = checkJob(context, ref, opened, { ...options, digest });
  return await settlePush(job, async () => await findOrMount(job) ?? await upload(job));
}

/** A push as {@linkcode pushBlob} and `resumeUpload` run it. */
export interface PushJob extends PushScope {
  readonly target: Pick<Reference, "registry" | "repository">;
  readonly source: OpenableSource;
  readonly digest: Digest | undefined;
  readonly size: number | undefined;
  readonly algorithm: HashAlgorithm;
  readonly options: PushBlobOptions;
  /** Where it goes on, or the session that a mount opened. */
  session?: UploadSession | undefined;
  /** What was sent, told when it has ended. */
  upload?: Upload | undefined;
}

/** Bytes in memory are hashed at once: that is cheaper than to send what is there. */
async function digestOf(
  { settings }: ClientContext,
  source: PushSource,
  algorithm: HashAlgorithm = "sha256",
): Promise<Digest | undefined> {
  if (!(source instanceof Uint8Array)) return undefined;
  const hasher = settings.hasher(algorithm);
  await hasher.update(source);
  return formatDigest(algorithm, await hasher.digest());
}

/** Check all that can be checked before a request. */
export function checkJob(
  context: ClientContext,
  ref: Pick<Reference, "registry" | "repository">,
  source: OpenableSource,
  options: PushBlobOptions & { readonly digest: Digest | undefined },
): PushJob {
  const { chunkBytes = CHUNK_BYTES, digest, signal, size = source.size, streamBytes = 0 } = options;
  if (!(Number.isSafeInteger(chunkBytes) && chunkBytes > 0)) {
    throw new TypeError("chunkBytes must be a whole number from 1");
  }
  if (!(Number.isSafeInteger(streamBytes) && streamBytes >= 0)) {
    throw new TypeError("streamBytes must be a whole number from 0");
  }
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new TypeError("A blob's size must be a whole number from 0");
  }
  if (size !== undefined && source.size !== undefined && size !== source.size) {
    const message = `The source has ${source.size} bytes, not ${size}`;
    const details = { expected: size, actual: source.size };
    throw new TidegateError("BLOB_SIZE_MISMATCH", message, details);
  }
  parseRepositoryName(ref.repository);
  const connection = context.connect(ref);
  const image = `${ref.repository}@${digest ?? "a new blob"}`;
  const { registry, repository } = ref;
  const target = { registry, repository };
  const algorithm = digest ? digestAlgorithm(digest) : options.algorithm ?? "sha256";
  return { context, connection, image, signal, target, source, digest, size, algorithm, options };
}

/** Not at all, or by a mount. */
async function findOrMount(job: PushJob): Promise<PushedBlob | undefined> {
  const { digest, size } = job;
  const names = [job.options.from ?? []].flat().map((name) => parseRepositoryName(name));
  if (digest === undefined || job.options.force === true) return undefined;
  const found = await findBlob(job, digest, size);
  if (found !== undefined) return { digest, size: found, outcome: "exists", sentBytes: 0 };
  const mounted = await tryMounts(job, digest, size, names, job.options.mountAnywhere === true);
  if (typeof mounted === "number") {
    return { digest, size: mounted, outcome: "mounted", sentBytes: 0 };
  }
  job.session = mounted;
  return undefined;
}

/**
 * Send the bytes.
 *
 * @param from Where a former upload got to, by its record.
 * @param received Where it got to by what the registry says.
 */
export async function upload(
  job: PushJob,
  from?: HashedProgress,
  received = 0,
): Promise<PushedBlob> {
  const { context: { settings }, connection: { upstream }, options } = job;
  const { chunkBytes = CHUNK_BYTES, onProgress, onRecord, rehash } = options;
  const { streamBytes = options.chunkBytes ?? STREAM_BYTES } = options;
  // the runtime's own cannot be saved
  const { hasher, savableHasher = wasmHasher } = settings;
  const createHasher = (onRecord && !rehash) || from ? savableHasher : hasher;
  const window: UploadWindow = createUploadWindow({ ...job, createHasher, from });
  if (received < window.start) await window.seek(received);
  else await window.skip(received - window.start);
  const run: Upload = {
    ...job,
    window,
    limit: createChunkLimit(upstream.profile, chunkBytes),
    progress: createResumeProgress(window.start, settings.resume),
    streamLimit: streamBytes,
    firstStreamBytes: firstStreamBytes(chunkBytes),
    streamBytes: canStream(job) ? firstStreamBytes(chunkBytes) : 0,
    isCounted: false,
    isDoubtful: from !== undefined || received > 0,
    sentBytes: 0,
    chunks: 0,
    async onProgress(run): Promise<void> {
      onProgress?.(run.window.start);
      await onRecord?.(recordOf(job, run));
    },
  };
  job.upload = run;
  observe(settings.observer, { type: "upload.started", ...uploadFacts(job), size: job.size });
  const { digest, size } = await runUpload(run);
  return { digest, size, outcome: "uploaded", sentBytes: run.sentBytes };
}

function recordOf({ algorithm, target }: PushJob, run: Upload): UploadRecord {
  const { digest, session, size, window } = run;
  const state = window.state();
  const offset = window.start + window.length;
  const { location } = session as UploadSession;
  return formatUploadRecord({ target, location, offset, algorithm, state, digest, size });
}

/** Run a push to its end: tell of it, and leave nothing behind when it fails. */
export async function settlePush(
  job: PushJob,
  push: () => Promise<PushedBlob>,
): Promise<PushedBlob> {
  const { context: { settings: { observer } }, signal, source } = job;
  try {
    signal?.throwIfAborted();
    const pushed = await push();
    const { chunks = 0 } = job.upload ?? {};
    observe(observer, { type: "upload.finished", ...uploadFacts(job), ...pushed, chunks });
    if (pushed.outcome !== "uploaded") source.cancel(undefined);
    return pushed;
  } catch (error) {
    const code = isTidegateError(error) ? error.code : "ABORTED";
    observe(observer, { type: "upload.failed", ...uploadFacts(job), code });
    source.cancel(error);
    await abandon(job, error);
    throw error;
  }
}

/** Cancel the registry's part, unless somebody has a record to continue it with. */
async function abandon(job: PushJob, error: unknown): Promise<void> {
  const session = job.upload?.session ?? job.session;
  if (session === undefined) return;
  const isFinal = isTidegateError(error, "DIGEST_MISMATCH") ||
    isTidegateError(error, "BLOB_SIZE_MISMATCH");
  if (job.options.onRecord && !isFinal) return;
  const cancelled = cancelSession(job, session.location);
  if (!job.signal?.aborted) await cancelled; // who aborts does not wait
}
