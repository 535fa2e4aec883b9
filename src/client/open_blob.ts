import {
  type Clock,
  isTidegateError,
  type Random,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  systemClock,
  systemRandom,
  TidegateError,
} from "../core/mod.ts";
import {
  type AskedRange,
  pullBlobRequest,
  readPullBlobHead,
  type Target,
} from "../distribution/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import { type ByteReader, readerOf } from "../verify/mod.ts";
import { responseFailure } from "./response_failure.ts";
import { RESUME, type ResumeSettings } from "./resume_settings.ts";
import { type Connection, createResumingReader, resumeFailed } from "./resuming_reader.ts";

/** How a blob is opened. */
export interface OpenBlobOptions {
  /** Its size as a descriptor gives it. Another size in the answer is an error at once. */
  readonly size?: number | undefined;
  /** Ask for these bytes only, `end` inclusive. What comes cannot be verified by itself. */
  readonly range?: AskedRange | undefined;
  /** Ends the transfer, whenever it fires. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly observer?: Observer | undefined;
  /** Default is {@linkcode RESUME}. */
  readonly resume?: Partial<ResumeSettings> | undefined;
  /** Transfers that share the memory: see `readerOf`. */
  readonly load?: (() => number) | undefined;
}

/** A blob whose transfer has begun. */
export interface OpenBlob {
  /** Size of the whole blob; `undefined` when neither the answer nor a descriptor tells. */
  readonly size: number | undefined;
  /** The raw, unverified bytes. Continues by itself when a connection breaks. */
  readonly reader: ByteReader;
}

/**
 * Open a blob. The reader continues over as many connections as it takes: each with a fresh token
 * and a fresh redirect, from the byte where the last one broke.
 *
 * An answer to a resume must be a 206 that starts there and tells the same size, or a 200 whose
 * start is thrown away within a budget. Nothing is verified here: put `verifiedStream` or
 * `pumpVerified` above it, whose one running hash spans all connections.
 *
 * @param send The way to the registry.
 * @throws {TidegateError} What the registry answered; BLOB_SIZE_MISMATCH when the answer has
 * another length than `size`; RANGE_NOT_SATISFIABLE; INVALID_RESPONSE.
 */
export function openBlob(
  send: Send,
  target: Target,
  digest: Digest,
  options: OpenBlobOptions = {},
): Promise<OpenBlob> {
  const image = `${target.repository}@${digest}`;
  return openResumable({
    send,
    image,
    digest,
    request: (range, signal) => ({
      ...pullBlobRequest(target, digest, { range, signal }),
      answerBytes: options.size,
    }),
  }, options);
}

/** Where bytes come from: a blob's address, or a foreign layer's. */
export interface ResumableSource {
  readonly send: Send;
  /** For messages. */
  readonly image: string;
  readonly digest: Digest;
  readonly request: (
    range: AskedRange | undefined,
    signal: AbortSignal | undefined,
  ) => RegistryRequest;
}

const ENDED: ByteReader = {
  owned: true,
  read: () => Promise.resolve(undefined),
  cancel: () => Promise.resolve(),
};

/** {@linkcode openBlob} for any source. */
export async function openResumable(
  source: ResumableSource,
  options: OpenBlobOptions,
): Promise<OpenBlob> {
  const { range, signal, clock = systemClock, random = systemRandom, observer } = options;
  const settings = { ...RESUME, ...options.resume };
  const answer = await ask(source, range, signal, clock);
  const size = agreeOnSize(answer, options.size, clock);
  const start = range?.start ?? 0;
  const end = range?.end === undefined ? size : Math.min(range.end + 1, size ?? Infinity);
  const budget = { bytes: settings.skippedBytes, restarts: settings.restarts };
  const connect = (answer: Answer, offset: number): Connection => ({
    reader: readerOf(answer.response, {
      clock,
      stallMs: settings.stallMs,
      signal,
      sizeHint: end === undefined ? undefined : end - answer.start,
      load: options.load,
    }),
    skip: offset - answer.start,
  });
  spend(budget, start - answer.start, start, answer, clock);
  const reader = createResumingReader({
    first: connect(answer, start),
    start,
    end,
    clip: range !== undefined,
    open: async (offset, signal) => {
      const again = await askAgain(source, offset, end, signal, clock);
      if (again === undefined) return { reader: ENDED, skip: 0 };
      checkResumed(again, offset, size, clock);
      spend(budget, offset - again.start, offset, again, clock);
      return connect(again, offset);
    },
    clock,
    random,
    settings,
    signal,
    onResume: (offset, attempt, error) => {
      const reason = isTidegateError(error) ? error.code : "unknown";
      observe(observer, { type: "blob.resumed", digest: source.digest, offset, attempt, reason });
    },
  });
  return { size, reader };
}

interface Answer {
  readonly response: RegistryResponse;
  /** Offset of its first byte in the blob. */
  readonly start: number;
  /** Size of the whole blob, when told. */
  readonly size: number | undefined;
}

async function ask(
  source: ResumableSource,
  range: AskedRange | undefined,
  signal: AbortSignal | undefined,
  clock: Clock,
): Promise<Answer> {
  const response = await source.send(source.request(range, signal));
  const { status, headers } = response;
  if (status !== 200 && status !== 206 && (status !== 416 || range === undefined)) {
    throw await responseFailure(response, source.image, clock, signal);
  }
  try {
    const { start, size } = readPullBlobHead(status, headers, range);
    return { response, start, size };
  } catch (error) {
    discard(response, clock);
    throw error;
  }
}

/**
 * Some CDNs answer 400 to any Range: then once without, and the start thrown away.
 *
 * @returns Undefined when it turns out that there was no more to come: the length was not known, and
 * the connection broke just before it would have said so.
 */
async function askAgain(
  source: ResumableSource,
  offset: number,
  end: number | undefined,
  signal: AbortSignal,
  clock: Clock,
): Promise<Answer | undefined> {
  if (offset === 0) return await ask(source, undefined, signal, clock);
  const range = { start: offset, end: end === undefined ? undefined : end - 1 };
  try {
    return await ask(source, range, signal, clock);
  } catch (error) {
    if (isTidegateError(error, "RANGE_NOT_SATISFIABLE")) {
      if (end === undefined && error.details.size === offset) return undefined;
      throw resumeFailed(offset, "the blob has become shorter", error);
    }
    if (!isTidegateError(error, "UNEXPECTED_RESPONSE") || error.details.status !== 400) throw error;
    return await ask(source, undefined, signal, clock);
  }
}

function agreeOnSize(
  answer: Answer,
  expected: number | undefined,
  clock: Clock,
): number | undefined {
  const { size } = answer;
  if (expected === undefined || size === undefined || size === expected) return size ?? expected;
  discard(answer.response, clock);
  throw new TidegateError(
    "BLOB_SIZE_MISMATCH",
    `The registry's blob has ${size} bytes where its descriptor says ${expected}`,
    { expected, actual: size },
  );
}

function checkResumed(
  answer: Answer,
  offset: number,
  size: number | undefined,
  clock: Clock,
): void {
  if (size === undefined || answer.size === undefined || answer.size === size) return;
  discard(answer.response, clock);
  throw resumeFailed(offset, `the blob had ${size} bytes and now has ${answer.size}`, undefined);
}

function spend(
  budget: { bytes: number; restarts: number },
  skipped: number,
  offset: number,
  { response }: Answer,
  clock: Clock,
): void {
  if (skipped === 0) return;
  budget.bytes -= skipped;
  budget.restarts -= 1;
  if (budget.bytes >= 0 && budget.restarts >= 0) return;
  discard(response, clock);
  throw resumeFailed(offset, "the registry ignores Range and starts from zero", undefined);
}
