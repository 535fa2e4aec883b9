import { bodyStalled, type Clock, systemClock } from "../core/mod.ts";
import type { ByteReader } from "./byte_reader.ts";

/** What one read asks for: it stays in the processor's cache until it is hashed and copied. */
const READ_BYTES = 256 * 1024;

const STALL_MS = 5 * 60_000; // a file may be on another machine

/** What a {@linkcode fillingReader} reads from. */
export interface FillingSource {
  /** What an error calls it: a path. */
  readonly name: string;
  /** Read the next bytes into a buffer, and say how many: 0 at the end. One call at a time. */
  fill(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Give back what `fill` opened. May be called again, and while a `fill` hangs. */
  close(): Promise<void>;
}

/**
 * Read something that fills buffers, a file, into one that is used again: a byte stream between costs
 * a fifth of what a push takes on Deno.
 *
 * Its `read` rejects with what `fill` rejects with, with {@linkcode TidegateError} NETWORK_TIMEOUT
 * when nothing comes for five minutes, with the reason of a `cancel`, at once; and again with the same
 * error ever after.
 */
export function fillingReader(
  { name, fill, close }: FillingSource,
  clock: Clock = systemClock,
): ByteReader {
  const buffer = new Uint8Array(READ_BYTES);
  let hasEnded = false;
  let failure: { readonly error: unknown } | undefined;
  let rejectRead: ((error: unknown) => void) | undefined;

  const fail = async (error: unknown): Promise<void> => {
    if (hasEnded || failure !== undefined) return;
    failure = { error };
    rejectRead?.(error);
    await close();
  };
  const abandon = (error: unknown): void => void fail(error).catch(() => {});

  async function next(): Promise<Uint8Array | undefined> {
    const filled = await fill(buffer);
    if (filled > 0) return buffer.subarray(0, filled);
    hasEnded = failure === undefined;
    await close();
    return undefined;
  }

  return {
    read(): Promise<Uint8Array | undefined> {
      if (failure !== undefined) return Promise.reject(failure.error);
      if (hasEnded) return Promise.resolve(undefined);
      return new Promise((resolve, reject) => {
        rejectRead = reject;
        const stop = clock.after(STALL_MS, () => abandon(bodyStalled(name, STALL_MS)));
        const settle = (): void => {
          stop();
          rejectRead = undefined;
          if (failure !== undefined) close().catch(() => {}); // what was opened since
        };
        next().then((chunk) => {
          settle();
          resolve(chunk);
        }, (error) => {
          abandon(error);
          reject(error); // also where it had ended, and could not be closed
          settle();
        });
      });
    },
    cancel: (reason) => fail(reason ?? new DOMException("The read was cancelled", "AbortError")),
  };
}
