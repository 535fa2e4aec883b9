import { type HasherFactory, TidegateError } from "../core/mod.ts";
import { type Digest, parseDigest, type Reference } from "../reference/mod.ts";
import {
  type ByteRange,
  type ByteReader,
  type ByteSink,
  pumpVerified,
  readVerified,
  verifiedStream,
  type VerifyOptions,
} from "../verify/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { openBlob } from "./open_blob.ts";
import { beginOperation, type Operation, watchBlob } from "./operation.ts";
import { withOwnChunks } from "./own_chunks.ts";
import { pumpUnverified, readUnverified, unverifiedStream } from "./unverified_stream.ts";

/** How a blob is got. */
export interface GetBlobOptions extends CallOptions {
  /** Its size where a descriptor tells: checked before a byte is read. */
  readonly size?: number | undefined;
  /**
   * Hand out these bytes only, `end` inclusive and by default the last. The whole blob is fetched
   * and hashed all the same, as a digest says nothing about a part.
   */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined;
  /** With `range`: fetch only these bytes and let them go unverified. Default is `false`. */
  readonly unverified?: boolean | undefined;
}

/**
 * A blob on its way. Read it once: by `stream`, `bytes` or `pipeTo`. Until then the registry's
 * connection is held, so cancel what you do not read.
 */
export interface PulledBlob {
  readonly digest: Digest;
  /** Size of the whole blob; `undefined` when nobody tells before the end. */
  readonly size: number | undefined;
  /** The bytes handed out, when not all. */
  readonly range: ByteRange | undefined;
  /**
   * The bytes. It ends only if all were verified, and errors otherwise.
   * @throws {TypeError} If the blob is read already.
   */
  readonly stream: ReadableStream<Uint8Array>;
  /**
   * Resolves once the whole blob was verified and handed out. Rejects when it was not: on a
   * mismatch, a failure, a cancel, and for an unverified range. Never an unhandled rejection.
   */
  readonly verified: Promise<void>;
  /**
   * All bytes in memory.
   * @param maximum Most bytes accepted. Default is 64 MiB.
   * @throws {TidegateError} LIMIT_EXCEEDED; DIGEST_MISMATCH; BLOB_SIZE_MISMATCH; RESUME_FAILED…
   */
  bytes(maximum?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Write the bytes to a sink, which is closed once they are verified and aborted otherwise. Its
   * chunks are its own to keep, unless it says that it `borrows` them, which saves a copy.
   */
  pipeTo(sink: ByteSink): Promise<void>;
  /** Give the blob up. Does nothing after its end. */
  cancel(reason?: unknown): Promise<void>;
}

const MAX_IN_MEMORY_BYTES = 64 * 1024 * 1024; // a default, not a rule: configs and small layers

/**
 * Get a blob (end-2). It continues by itself when connections break, with one running hash.
 *
 * @throws {TidegateError} INVALID_DIGEST before any request; NOT_FOUND and what else the registry
 * answers; BLOB_SIZE_MISMATCH; RANGE_NOT_SATISFIABLE; UNSUPPORTED for a range without an end where
 * nobody tells the size.
 * @throws {TypeError} For `unverified` without `range`, or a range that is none.
 */
export async function getBlob(
  context: ClientContext,
  ref: Reference,
  digest: string,
  options: GetBlobOptions = {},
): Promise<PulledBlob> {
  const asked = parseDigest(digest);
  assertRange(options);
  const { registry, repository } = ref;
  const named = { registry, repository, digest: asked };
  const operation = beginOperation(context, "blob.get", named);
  try {
    return await startBlob(operation, named, options);
  } catch (error) {
    operation.fail(error);
    throw error;
  }
}

async function startBlob(
  operation: Operation,
  ref: Reference & { readonly digest: Digest },
  { range, signal, size, unverified = false }: GetBlobOptions,
): Promise<PulledBlob> {
  const { connect, settings } = operation.context;
  const { clock, hasher, observer, random, resume } = settings;
  const { send, target } = connect(ref);
  const { digest } = ref;
  const opened = await openBlob(send, target, digest, {
    clock,
    observer,
    random,
    resume,
    signal,
    size,
    ...(unverified && range && !isOpen(range) && { range }),
  });
  const fitting = { size: opened.size, digest, range: await fitRange(range, opened), signal };
  if (unverified) {
    operation.end({ digest });
    return unverifiedBlob({ ...fitting, reader: opened.reader });
  }
  const { reader, settle } = watchBlob(operation, digest, opened.reader);
  const blob = verifiedBlob({ ...fitting, reader }, hasher);
  settle(blob.verified);
  return blob;
}

/** From the first byte to the last: some registries refuse to be asked for that as a range. */
function isOpen({ start, end }: NonNullable<GetBlobOptions["range"]>): boolean {
  return start === 0 && end === undefined;
}

interface Opened {
  readonly digest: Digest;
  readonly size: number | undefined;
  readonly reader: ByteReader;
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal | undefined;
}

function verifiedBlob(blob: Opened, hasher: HasherFactory): PulledBlob {
  const { digest, size, reader, range, signal } = blob;
  const expected: VerifyOptions = { digest, size, hasher, range, signal };
  return pulledBlob(blob, {
    stream(settle): ReadableStream<Uint8Array> {
      const stream = verifiedStream(reader, expected);
      settle(stream.verified);
      return stream;
    },
    bytes: (maximum) => readVerified(reader, { ...expected, maximum }),
    pipeTo: (sink) => pumpVerified(reader, withOwnChunks(sink), expected),
  });
}

function unverifiedBlob(blob: Opened): PulledBlob {
  const { reader } = blob;
  return pulledBlob(blob, {
    stream(settle): ReadableStream<Uint8Array> {
      settle(Promise.reject(unverifiable()));
      return unverifiedStream(reader);
    },
    bytes: (maximum) => readUnverified(reader, maximum),
    pipeTo: (sink) => pumpUnverified(reader, withOwnChunks(sink)),
  }, unverifiable());
}

/** The ways to read, each of which uses the reader up. */
interface Ways {
  stream(settle: (outcome: Promise<void>) => void): ReadableStream<Uint8Array>;
  bytes(maximum: number): Promise<Uint8Array<ArrayBuffer>>;
  pipeTo(sink: ByteSink): Promise<void>;
}

function pulledBlob(blob: Opened, ways: Ways, never?: Error): PulledBlob {
  const { digest, size, range, reader } = blob;
  const outcome = Promise.withResolvers<void>();
  outcome.promise.catch(() => {});
  let stream: ReadableStream<Uint8Array> | undefined;
  let isTaken = false;
  const take = (): void => {
    if (isTaken) throw new TypeError("The blob is read already: get it again");
    isTaken = true;
  };
  const settle = (done: Promise<unknown>): void => {
    done.then(() => never ? outcome.reject(never) : outcome.resolve(), outcome.reject);
  };
  return {
    digest,
    size,
    range,
    verified: outcome.promise,
    get stream(): ReadableStream<Uint8Array> {
      if (stream === undefined) {
        take();
        stream = ways.stream(settle);
      }
      return stream;
    },
    async bytes(maximum = MAX_IN_MEMORY_BYTES): Promise<Uint8Array<ArrayBuffer>> {
      take();
      const bytes = ways.bytes(maximum);
      settle(bytes);
      return await bytes;
    },
    async pipeTo(sink): Promise<void> {
      take();
      const done = ways.pipeTo(sink);
      settle(done);
      await done;
    },
    async cancel(reason = new DOMException("The blob was given up", "AbortError")): Promise<void> {
      isTaken = true;
      outcome.reject(reason);
      await reader.cancel(reason);
    },
  };
}

function assertRange({ range, unverified }: GetBlobOptions): void {
  if (range === undefined) {
    if (unverified) {
      throw new TypeError("unverified needs a range: a whole blob is always verified");
    }
    return;
  }
  const { start, end = start } = range;
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) {
    return;
  }
  throw new TypeError(`Range ${start}-${range.end ?? ""} is no byte range`);
}

/** Bound an open range by the blob's size, as RFC 9110 14.1.2 does. */
async function fitRange(
  range: GetBlobOptions["range"],
  { size, reader }: { readonly size: number | undefined; readonly reader: ByteReader },
): Promise<ByteRange | undefined> {
  if (range === undefined) return undefined;
  const { start } = range;
  const end = Math.min(range.end ?? Infinity, (size ?? Infinity) - 1);
  if (start <= end && end < Infinity) return { start, end };
  const error = size === undefined ? endUnknown() : outside(range, size);
  await reader.cancel(error);
  throw error;
}

function endUnknown(): TidegateError<"UNSUPPORTED"> {
  const what = "range without an end";
  const reason = "the registry does not tell the blob's length: give its size, or an end";
  return new TidegateError("UNSUPPORTED", `A ${what}: ${reason}`, { what, reason });
}

function outside(
  { start, end }: NonNullable<GetBlobOptions["range"]>,
  size: number,
): TidegateError<"RANGE_NOT_SATISFIABLE"> {
  const range = `bytes=${start}-${end ?? ""}`;
  const message = `${range} is outside of the blob's ${size} bytes`;
  return new TidegateError("RANGE_NOT_SATISFIABLE", message, { range, size });
}

function unverifiable(): TidegateError<"UNSUPPORTED"> {
  return new TidegateError("UNSUPPORTED", "A part of a blob cannot be verified by itself", {
    what: "verification of an unverified range",
    reason: "the digest is of the whole blob",
  });
}
