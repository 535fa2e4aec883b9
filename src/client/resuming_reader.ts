import { type Clock, isTidegateError, type Random, TidegateError } from "../core/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import { createResumeProgress, isResumable } from "./resume_progress.ts";
import type { ResumeSettings } from "./resume_settings.ts";

/** One connection of a transfer. */
export interface Connection {
  readonly reader: ByteReader;
  /** Bytes to throw away first: the answer started before the place that was asked for. */
  readonly skip: number;
}

/** What a resuming reader works with. */
export interface ResumingReaderOptions {
  /** The connection that is open already. */
  readonly first: Connection;
  /** Offset of the first byte wanted. */
  readonly start: number;
  /** Offset after the last byte wanted; absent when the length is unknown. */
  readonly end: number | undefined;
  /** Whether bytes after `end` are cut off rather than handed on for the verifier to refuse. */
  readonly clip: boolean;
  /** Open another connection: fresh token, fresh redirect. Rejects with a typed error. */
  readonly open: (offset: number, signal: AbortSignal) => Promise<Connection>;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: ResumeSettings;
  readonly signal?: AbortSignal | undefined;
  /** Told of each new connection. */
  readonly onResume: (offset: number, attempt: number, error: unknown) => void;
}

/**
 * A reader that outlives its connections: what breaks is continued where it broke, so whoever
 * hashes above it keeps one running hash.
 *
 * `read` rejects with RESUME_FAILED when the transfer is given up, with what a registry answered
 * to a resume when that is final (UNAUTHORIZED, NOT_FOUND…), or with the signal's reason.
 */
export function createResumingReader(options: ResumingReaderOptions): ByteReader {
  const { clip, end } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const reconnect = createReconnect(options, signal);
  let { reader, skip } = options.first;
  let offset = options.start;

  async function recover(error: unknown): Promise<void> {
    ({ reader, skip } = await reconnect(offset, error));
  }

  /** Drop what was asked for before, cut what was never asked for. */
  function trim(chunk: Uint8Array): Uint8Array {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    const to = clip && end !== undefined ? from + end - offset : chunk.length;
    return from === 0 && to >= chunk.length ? chunk : chunk.subarray(from, to);
  }

  async function read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const isWhole = offset === end;
      let chunk: Uint8Array | undefined;
      try {
        chunk = await reader.read();
      } catch (error) {
        // every byte is here: how the connection went down does not matter any more
        if (isWhole && !signal.aborted && isResumable(error)) return undefined;
        await recover(error);
        continue;
      }
      if (chunk === undefined) {
        if (end === undefined || offset >= end) return undefined;
        await recover(endedEarly(offset, end));
        continue;
      }
      const part = trim(chunk);
      offset += part.length;
      if (part.length > 0) return part;
      if (isWhole && clip) return void await reader.cancel().catch(() => {});
    }
  }

  return {
    get owned(): boolean {
      return reader.owned === true;
    },
    read,
    async cancel(reason): Promise<void> {
      const why = reason ?? new DOMException("The transfer was cancelled", "AbortError");
      stop.abort(why);
      await reader.cancel(why);
    },
  };
}

/** Finds a new connection after an error, or throws what ends the transfer. */
function createReconnect(
  { clock, onResume, open, random, settings, start }: ResumingReaderOptions,
  signal: AbortSignal,
): (offset: number, error: unknown) => Promise<Connection> {
  const progress = createResumeProgress(start, settings);
  return async (offset, error) => {
    for (let latest = error;;) {
      signal.throwIfAborted();
      if (!isResumable(latest)) throw latest;
      const wait = progress.next(offset, clock.now(), random.float());
      if (typeof wait === "string") throw resumeFailed(offset, wait, latest);
      const longest = Math.max(wait, untilCircuitCloses(latest, clock.now()));
      if (longest > settings.progressMs) throw resumeFailed(offset, "its circuit is open", latest);
      if (longest > 0) await clock.sleep(longest, signal);
      try {
        const connection = await open(offset, signal);
        onResume(offset, progress.count, error);
        return connection;
      } catch (cause) {
        latest = cause;
      }
    }
  };
}

/** A probe is let through only then: asking earlier would use up a resume for nothing. */
export function untilCircuitCloses(error: unknown, now: number): number {
  return isTidegateError(error, "CIRCUIT_OPEN") ? error.details.retryAt - now : 0;
}

function endedEarly(offset: number, end: number): TidegateError<"NETWORK_ERROR"> {
  return new TidegateError("NETWORK_ERROR", `The body ended after ${offset} of ${end} bytes`, {
    origin: "",
    reason: "early end",
  });
}

/** The error for a transfer that cannot be continued. */
export function resumeFailed(
  offset: number,
  reason: string,
  cause: unknown,
): TidegateError<"RESUME_FAILED"> {
  return new TidegateError(
    "RESUME_FAILED",
    `The transfer broke after ${offset} bytes and cannot be continued: ${reason}`,
    { offset, reason },
    cause === undefined ? {} : { cause },
  );
}
