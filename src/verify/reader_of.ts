import {
  bodyBroke,
  bodyStalled,
  type Clock,
  isTidegateError,
  type RegistryResponse,
} from "../core/mod.ts";
import { type BodySource, openBody } from "./body_source.ts";
import type { ByteReader } from "./byte_reader.ts";
import {
  countReaders,
  createReadPace,
  joinReaders,
  type LiveReader,
  viewSize,
} from "./read_size.ts";

/** How a body is read. */
export interface ReaderOptions {
  readonly clock: Clock;
  /** Longest wait for the next bytes, in milliseconds. Time between reads does not count. */
  readonly stallMs: number;
  /** Aborting it fails the read with the signal's reason and closes the connection. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes to come, when known: a small body gets a small buffer. Trusted for nothing else. */
  readonly sizeHint?: number | undefined;
  /** Transfers that share the memory. Default is the count of live readers in this isolate. */
  readonly load?: (() => number) | undefined;
}

/** The parts of a response that reading its body needs. */
export type BodyResponse = Pick<RegistryResponse, "body" | "release" | "url">;

/**
 * Read a response's body in the way that is fastest on this runtime, and release the response when
 * the body has ended, failed or been cancelled.
 *
 * A broken connection costs at most `MAX_LOST_BYTES` of what the runtime had read from it. Bun drops
 * what its kernel holds when a connection is reset; every other runtime reads that first.
 *
 * Its `read` rejects with {@linkcode TidegateError} NETWORK_ERROR when the connection breaks, with
 * NETWORK_TIMEOUT when nothing comes for `stallMs`, with the signal's reason when aborted, and
 * again with the same error ever after. After `cancel` it rejects with the cancel's reason.
 *
 * @throws {TypeError} If the body is being read already.
 */
export function readerOf(response: BodyResponse, options: ReaderOptions): ByteReader {
  const { body } = response;
  if (body === null) {
    response.release();
    return { owned: true, read: () => Promise.resolve(undefined), cancel: () => Promise.resolve() };
  }
  return createReader(openBody(body), response, options);
}

function createReader(
  source: BodySource,
  response: BodyResponse,
  { clock, stallMs, signal, sizeHint, load = countReaders }: ReaderOptions,
): ByteReader {
  const live: LiveReader = joinReaders(clock.now());
  const pace = createReadPace(stallMs);
  let over = false;
  let failure: { readonly error: unknown } | undefined;
  let rejectRead: ((error: unknown) => void) | undefined;
  let stopTimer: (() => void) | undefined;
  let waitingSince = 0;

  const finish = (): void => {
    over = true;
    stopTimer?.();
    signal?.removeEventListener("abort", onAbort);
    live.leave();
    response.release();
  };
  const fail = (error: unknown): Promise<void> => {
    if (over) return Promise.resolve();
    failure = { error };
    finish();
    rejectRead?.(error);
    return source.cancel(error).catch(() => {});
  };
  const onAbort = (): void => void fail(signal?.reason);
  // One timer for many reads: it looks how long the present read has waited, and sleeps on.
  const watch = (milliseconds: number): void => {
    stopTimer = clock.after(milliseconds, () => {
      stopTimer = undefined;
      if (rejectRead === undefined) return;
      const left = waitingSince + stallMs - clock.now();
      if (left > 0) watch(left);
      else fail(bodyStalled(originOf(response), stallMs));
    });
  };
  const read = (): Promise<Uint8Array | undefined> =>
    new Promise((resolve, reject) => {
      rejectRead = reject;
      waitingSince = clock.now();
      live.touch(waitingSince);
      if (stopTimer === undefined) watch(stallMs);
      source.next(pace.next(viewSize(sizeHint, load()))).then((chunk) => {
        rejectRead = undefined;
        if (over) return;
        pace.done(chunk?.length ?? 0, clock.now() - waitingSince);
        if (chunk === undefined) finish();
        resolve(chunk);
      }, (cause) => void fail(signal?.aborted ? signal.reason : broken(response, cause)));
    });

  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return {
    owned: source.owned,
    read(): Promise<Uint8Array | undefined> {
      if (failure !== undefined) return Promise.reject(failure.error);
      return over ? Promise.resolve(undefined) : read();
    },
    cancel: (reason) =>
      fail(reason ?? new DOMException("The transfer was cancelled", "AbortError")),
  };
}

function broken(response: BodyResponse, cause: unknown): unknown {
  return isTidegateError(cause) ? cause : bodyBroke(originOf(response), cause);
}

function originOf({ url }: BodyResponse): string {
  return URL.canParse(url) ? new URL(url).origin : "an unnamed origin";
}
