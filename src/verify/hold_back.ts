import { SMALL_BODY_BYTES, TidegateError } from "../core/mod.ts";
import type { ByteRange, VerifyOptions } from "./verify_options.ts";

/**
 * Decides which bytes may be shown before the whole has been verified: all but the last
 * `SMALL_BODY_BYTES` of what is passed on. So a body up to that size shows nothing early.
 */
export interface HoldBack {
  /**
   * Take the next chunk of the body.
   * @returns Pieces that may be shown now. They are views of the chunk or of bytes held before, and
   * must be done with before the next call.
   */
  take(chunk: Uint8Array): readonly Uint8Array[];
  /**
   * What is still held, once the whole has been verified.
   * @throws {TidegateError} RANGE_NOT_SATISFIABLE when the body ended before the range did.
   */
  rest(): readonly Uint8Array[];
}

const NOTHING: readonly Uint8Array[] = [];

/** Hold back by known end where a size or a range tells it, else by a window that slides along. */
export function createHoldBack({ size, range }: Pick<VerifyOptions, "size" | "range">): HoldBack {
  if (range !== undefined) return holdBackOf(range);
  if (size === undefined) return slidingHoldBack();
  return size === 0 ? holdNothing : holdBackOf({ start: 0, end: size - 1 });
}

const holdNothing: HoldBack = { take: () => NOTHING, rest: () => NOTHING };

function holdBackOf({ start, end }: ByteRange): HoldBack {
  const holdFrom = Math.max(start, end + 1 - SMALL_BODY_BYTES);
  const held = new Uint8Array(end + 1 - holdFrom);
  let offset = 0;
  return {
    take(chunk): readonly Uint8Array[] {
      const at = offset;
      offset += chunk.length;
      if (offset > holdFrom && at <= end) keep(held, chunk, holdFrom - at);
      if (at >= holdFrom || Math.min(offset, holdFrom) <= start) return NOTHING;
      return [chunk.subarray(Math.max(start - at, 0), holdFrom - at)];
    },
    rest(): readonly Uint8Array[] {
      if (offset <= end) throw notSatisfiable(start, end, offset);
      return [held];
    },
  };
}

/** Copy the part of `chunk` from index `from` on; before it when negative. */
function keep(held: Uint8Array, chunk: Uint8Array, from: number): void {
  const to = Math.max(-from, 0);
  const first = Math.max(from, 0);
  held.set(chunk.subarray(first, first + held.length - to), to);
}

function notSatisfiable(
  start: number,
  end: number,
  size: number,
): TidegateError<"RANGE_NOT_SATISFIABLE"> {
  const range = `bytes=${start}-${end}`;
  return new TidegateError("RANGE_NOT_SATISFIABLE", `The body of ${size} bytes has no ${range}`, {
    range,
    size,
  });
}

/**
 * Two buffers in turn, each twice the size held: what leaves one is being written while the other
 * fills. Small chunks cost one copy, large ones a copy of their tail.
 */
function slidingHoldBack(): HoldBack {
  let held = new Uint8Array(2 * SMALL_BODY_BYTES);
  let other = new Uint8Array(2 * SMALL_BODY_BYTES);
  let length = 0;
  const take = (chunk: Uint8Array): readonly Uint8Array[] => {
    if (length + chunk.length <= held.length) {
      held.set(chunk, length);
      length += chunk.length;
      return NOTHING;
    }
    const fromHeld = Math.max(SMALL_BODY_BYTES - chunk.length, 0);
    const fromChunk = Math.min(SMALL_BODY_BYTES, chunk.length);
    const early = [held.subarray(0, length - fromHeld), chunk.subarray(0, -fromChunk)];
    other.set(held.subarray(length - fromHeld, length));
    other.set(chunk.subarray(chunk.length - fromChunk), fromHeld);
    [held, other] = [other, held];
    length = fromHeld + fromChunk;
    return early.filter((piece) => piece.length > 0);
  };
  return { take, rest: () => length > 0 ? [held.subarray(0, length)] : NOTHING };
}
