import { createReadAhead } from "./read_ahead.ts";
import type { ReadSize } from "./read_size.ts";
import { type ReadAtLeast, readAtLeastOf } from "./read_at_least_workerd.ts";

/** A body's stream, opened in the best way that it offers. */
export interface BodySource {
  /** `at-least`: workerd's own call. `byob`: into our buffer. `default`: the stream's chunks. */
  readonly kind: "at-least" | "byob" | "default";
  /** The next bytes, never empty; `undefined` at the end. Valid until the next call, if not `owned`. */
  next(size: ReadSize): Promise<Uint8Array | undefined>;
  cancel(reason: unknown): Promise<void>;
  /** Whether chunks are fresh, so that the next call does not overwrite them. */
  readonly owned: boolean;
}

/**
 * Open a body. Default reads of a native body give 4 KiB chunks on workerd, so a buffer of our own
 * is preferred; Bun's bodies are no byte streams and refuse one with a TypeError. They are read ahead.
 *
 * @throws {TypeError} If the stream is locked.
 */
export function openBody(body: ReadableStream<Uint8Array>): BodySource {
  if (body.locked) throw new TypeError("The body is being read already");
  const byob = tryByobReader(body);
  return byob === undefined ? defaultSource(body.getReader()) : byobSource(byob);
}

function tryByobReader(
  body: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function byobSource(reader: ReadableStreamBYOBReader): BodySource {
  const readAtLeast: ReadAtLeast | undefined = readAtLeastOf(reader);
  let buffer = new ArrayBuffer(0);
  return {
    kind: readAtLeast === undefined ? "byob" : "at-least",
    owned: false,
    cancel: (reason) => reader.cancel(reason),
    async next({ view, least }): Promise<Uint8Array | undefined> {
      for (;;) {
        if (buffer.byteLength !== view) buffer = new ArrayBuffer(view);
        const into = new Uint8Array(buffer);
        const { done, value } = await (readAtLeast?.(least, into) ?? reader.read(into));
        if (value === undefined) return undefined;
        buffer = value.buffer;
        if (value.length > 0) return value; // the last bytes may come together with `done`
        if (done) return undefined;
      }
    },
  };
}

function defaultSource(reader: ReadableStreamDefaultReader<Uint8Array>): BodySource {
  const ahead = createReadAhead(reader);
  return {
    kind: "default",
    owned: true,
    cancel: (reason) => ahead.cancel(reason),
    next: ({ view }) => ahead.next(view),
  };
}
