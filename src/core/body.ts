import type { Clock } from "./clock.ts";
import { concatBytes } from "./bytes.ts";
import { TidegateError } from "./errors.ts";
import type { RegistryResponse } from "./wire.ts";

/** How a small body is read. */
export interface ReadCappedOptions {
  /** Name of the cap for the error: `manifest`, `token`, `error body`. */
  readonly what: string;
  /** Most bytes accepted. One more is an error, never a short success. */
  readonly maximum: number;
  /** Where it comes from, for the timeout's message. */
  readonly origin: string;
  readonly clock: Clock;
  /** Longest wait for the next bytes, in milliseconds; the whole body may take ten times as long. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
}

const STALLS_PER_BODY = 10; // a byte before each stall would hold a small body open for months

/**
 * Read a whole small body: manifests, tokens, errors, pages of tags. Never blobs.
 *
 * @returns The bytes; empty for no body.
 * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`; NETWORK_TIMEOUT when nothing comes for
 * `stallMs`, or not all in ten times that; NETWORK_ERROR when the connection breaks.
 */
export async function readCapped(
  body: ReadableStream<Uint8Array> | null,
  options: ReadCappedOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const { clock, stallMs } = options;
  const endsAt = clock.now() + STALLS_PER_BODY * stallMs;
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const wait = Math.min(stallMs, endsAt - clock.now());
      if (wait <= 0) throw tooSlow(options);
      const { done, value } = await withDeadline(reader.read(), { ...options, stallMs: wait });
      if (done) return concatBytes(parts);
      length += value.length;
      if (length > options.maximum) throw tooLong(options.what, options.maximum);
      parts.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/**
 * Read the whole small body of an answer, and give back what the answer holds.
 *
 * @throws {TidegateError} As {@linkcode readCapped}.
 */
export function readResponse(
  response: RegistryResponse,
  options: Omit<ReadCappedOptions, "origin">,
): Promise<Uint8Array<ArrayBuffer>> {
  const { origin } = new URL(response.url);
  return readCapped(response.body, { ...options, origin }).finally(() => response.release());
}

/** The error for a body of the kind `what` that is longer than its cap. */
export function tooLong(what: string, maximum: number): TidegateError<"LIMIT_EXCEEDED"> {
  const message = `The ${what} is longer than ${maximum} bytes`;
  return new TidegateError("LIMIT_EXCEEDED", message, { limit: what, maximum });
}

function tooSlow({ what, origin, stallMs }: ReadCappedOptions): TidegateError<"NETWORK_TIMEOUT"> {
  const milliseconds = STALLS_PER_BODY * stallMs;
  const message = `The ${what} from ${origin} did not end within ${milliseconds} ms`;
  return new TidegateError("NETWORK_TIMEOUT", message, { origin, phase: "total", milliseconds });
}

/**
 * Await a read, but no longer than `stallMs`, and only while the signal stands. What the
 * connection itself throws becomes NETWORK_ERROR.
 */
export function withDeadline<T>(
  read: Promise<T>,
  { origin, clock, stallMs, signal }: Pick<
    ReadCappedOptions,
    "origin" | "clock" | "stallMs" | "signal"
  >,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      read.catch(() => {}); // the same abort may have broken the connection
      return reject(signal.reason);
    }
    const stop = clock.after(stallMs, () => {
      finish();
      reject(bodyStalled(origin, stallMs));
    });
    const onAbort = (): void => {
      finish();
      reject(signal?.reason);
    };
    const finish = (): void => {
      stop();
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    read.then((value) => {
      finish();
      resolve(value);
    }, (cause) => {
      finish();
      reject(bodyBroke(origin, cause));
    });
  });
}

/** The error for a body of which nothing came for a while. */
export function bodyStalled(
  origin: string,
  milliseconds: number,
): TidegateError<"NETWORK_TIMEOUT"> {
  const message = `No bytes from ${origin} for ${milliseconds} ms`;
  return new TidegateError("NETWORK_TIMEOUT", message, { origin, phase: "body", milliseconds });
}

/** The error for a body whose connection broke. */
export function bodyBroke(origin: string, cause: unknown): TidegateError<"NETWORK_ERROR"> {
  const reason = cause instanceof Error ? cause.name : "unknown";
  const message = `The connection to ${origin} broke`;
  return new TidegateError("NETWORK_ERROR", message, { origin, reason }, { cause });
}
