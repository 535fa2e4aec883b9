import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../core/mod.ts";

/** What reading a caller's body needs. */
export interface RequestBodyContext {
  readonly clock: Clock;
  /** Longest wait for {@linkcode PACE_BYTES}, in milliseconds. */
  readonly bodyMs: number;
}

/** What has to go through in the time that a body's deadline gives, read or written. */
export const PACE_BYTES: number = 64 * 1024;

/**
 * The body of a message as a stream. Nothing is read before it is asked for, and a caller that waits
 * for a `100 Continue` gets it then.
 *
 * It errors when the connection ends before the body does, and when the caller is slower than
 * {@linkcode PACE_BYTES} in `bodyMs`, the time when nobody asked for bytes not counted.
 */
export function requestBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { clock, bodyMs }: RequestBodyContext,
): ReadableStream<Uint8Array> {
  const pace = createPace(bodyMs);
  let isWaited = incoming.headers.expect !== undefined;
  let askedAt = 0;
  let over = false;
  const end = (act: () => void): void => {
    if (over) return;
    over = true;
    act();
  };
  return new ReadableStream<Uint8Array>({
    start(controller): void {
      incoming.pause();
      const fail = (error: unknown): void => end(() => controller.error(error));
      incoming.on("data", (chunk: Uint8Array) => {
        incoming.pause();
        if (over) return;
        controller.enqueue(chunk);
        if (!pace.holds(chunk.length, clock.now() - askedAt)) fail(tooSlow());
      });
      incoming.once("end", () => end(() => controller.close()));
      incoming.once("error", fail);
      incoming.once("close", () => fail(new TypeError("The connection broke")));
    },
    pull(): void {
      if (isWaited) outgoing.writeContinue();
      isWaited = false;
      askedAt = clock.now();
      incoming.resume();
    },
    cancel(): void {
      end(() => incoming.pause());
    },
  }, { highWaterMark: 0 });
}

interface Pace {
  /** Count what came, and how long it took; false when it is too little for the time. */
  holds(length: number, milliseconds: number): boolean;
}

function createPace(bodyMs: number): Pace {
  let [bytes, waitedMs] = [0, 0];
  return {
    holds(length, milliseconds): boolean {
      bytes += length;
      waitedMs += milliseconds;
      if (bytes >= PACE_BYTES) [bytes, waitedMs] = [0, 0];
      return waitedMs < bodyMs;
    },
  };
}

function tooSlow(): TypeError {
  return new TypeError("The caller is too slow");
}
