import { concatBytes } from "../core/mod.ts";
import type { Clock } from "../core/mod.ts";

/** A request's body as it arrives. Throws when the connection breaks before its end. */
export type RequestBody = AsyncIterable<Uint8Array>;

/** The break of a request's body that a fault asked for. */
export class RequestCut extends Error {
  /** How the connection ends. */
  readonly by: "close" | "reset" | "stall";

  /** A break by FIN, RST, or by nothing happening any more. */
  constructor(by: "close" | "reset" | "stall") {
    super("The request was cut");
    this.by = by;
  }
}

/** A body of bytes that are here already. */
export async function* bytesBody(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** The body of a `Request`: ends in the signal's reason when it is aborted, and cancels what is left. */
export async function* streamBody({ body, signal }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  const onAbort = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    reader.cancel().catch(() => {}); // nothing to cancel if it has ended
  }
}

/** A whole body; undefined if it is longer than `maximum` bytes. What is too much is not read. */
export async function readBody(
  body: RequestBody,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > maximum) return undefined;
    parts.push(part);
  }
  return concatBytes(parts);
}

/** Read the rest of a body and forget it. */
export async function drainBody(body: RequestBody): Promise<void> {
  for await (const _ of body);
}

/** What happens to a body on its way to the host. */
export interface BodyWatch {
  /** Called with each piece before the host has it. */
  readonly seen: (piece: Uint8Array) => void;
  /** Break it after so many bytes. */
  readonly cut?: { readonly at: number; readonly by: RequestCut["by"] } | undefined;
  /** Milliseconds between the last byte and its end. */
  readonly holdMs: number;
  readonly clock: Clock;
}

/**
 * A body that is watched, and cut where a fault says so. It may be left and read on: whoever stops
 * early does not break it.
 */
export function watchBody(body: RequestBody, watch: BodyWatch): RequestBody {
  const pieces = watchedPieces(body, watch);
  return { [Symbol.asyncIterator]: () => ({ next: () => pieces.next() }) };
}

async function* watchedPieces(
  body: RequestBody,
  { seen, cut, holdMs, clock }: BodyWatch,
): AsyncGenerator<Uint8Array> {
  let left = cut?.at ?? Infinity;
  if (cut !== undefined && left <= 0) throw new RequestCut(cut.by);
  for await (const piece of body) {
    const kept = piece.length > left ? piece.subarray(0, left) : piece;
    left -= kept.length;
    seen(kept);
    yield kept;
    if (cut !== undefined && left <= 0) throw new RequestCut(cut.by);
  }
  if (holdMs > 0) await clock.sleep(holdMs);
}
