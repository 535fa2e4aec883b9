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
  const pace = createPace(clock, bodyMs);
  let isExpected = incoming.headers.expect !== undefined;
  let over = false;
  const end = (act: () => void): void => {
    if (over) return;
    over = true;
    pace.came(0);
    act();
  };
  let fail = (_: unknown): void => {};
  return new ReadableStream<Uint8Array>({
    start(controller): void {
      fail = (error) => end(() => controller.error(error));
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array) => {
        if (over) return;
        incoming.pause();
        pace.came(chunk.length);
        controller.enqueue(chunk); // whoever waits asks for more at once
      });
      incoming.once("end", () => end(() => controller.close()));
      incoming.once("error", fail);
      incoming.once("close", () => fail(new TypeError("The connection broke")));
    },
    pull(): void {
      if (isExpected && !outgoing.headersSent) outgoing.writeContinue(); // else it had its answer
      isExpected = false;
      pace.wait(() => fail(new TypeError("The caller is too slow")));
      incoming.resume();
    },
    cancel(): void {
      end(() => incoming.pause());
    },
  }, { highWaterMark: 0 });
}

interface Pace {
  /** Bytes are waited for: call `giveUp` when they take too long, with those before. */
  wait(giveUp: () => void): void;
  /** So many bytes came. */
  came(length: number): void;
}

function createPace(clock: Clock, bodyMs: number): Pace {
  let [bytes, waitedMs, askedAt] = [0, 0, 0];
  let stop: (() => void) | undefined;
  return {
    wait(giveUp): void {
      if (stop !== undefined) return;
      askedAt = clock.now();
      stop = clock.after(Math.max(0, bodyMs - waitedMs), giveUp);
    },
    came(length): void {
      if (stop === undefined) return;
      stop();
      stop = undefined;
      waitedMs += clock.now() - askedAt;
      bytes += length;
      if (bytes >= PACE_BYTES) [bytes, waitedMs] = [0, 0];
    },
  };
}
