import { type HasherFactory, tooLong } from "../core/mod.ts";
import type { Digest } from "../reference/mod.ts";

/** The bytes of a blob that a caller wants: first and last, both counted from 0 and inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a body must be. */
export interface Expectation {
  /** The digest that was asked for, never one that the answer carried. */
  readonly digest: Digest;
  /** Its exact length, where a descriptor or a header gave one. Default is any. */
  readonly size?: number | undefined;
  /** Most bytes accepted. It matters where `size` is unknown. Default is no limit. */
  readonly maximum?: number | undefined;
  /** Makes the hash. Default is the runtime's native one, else WASM. */
  readonly hasher?: HasherFactory | undefined;
}

/** How a verified transfer runs. */
export interface VerifyOptions extends Expectation {
  /** Pass only these bytes on; the whole body is read and hashed all the same. Default is all. */
  readonly range?: ByteRange | undefined;
  /** Aborting it ends the transfer with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Refuse options that no body can meet.
 * @throws {TypeError} A size, maximum or range that is no whole number, runs backwards or past the end.
 * @throws {TidegateError} LIMIT_EXCEEDED when `size` is above `maximum`.
 */
export function assertVerifyOptions(options: VerifyOptions): void {
  const { size, maximum, range } = options;
  if (size !== undefined && !isCount(size)) throw new TypeError(`size ${size} is no byte count`);
  if (maximum !== undefined && !isCount(maximum)) {
    throw new TypeError(`maximum ${maximum} is no byte count`);
  }
  if (size !== undefined && maximum !== undefined && size > maximum) throw tooLong("body", maximum);
  if (range === undefined) return;
  if (!isCount(range.start) || !isCount(range.end) || range.end < range.start) {
    throw new TypeError(`Range ${range.start}-${range.end} is no byte range`);
  }
  if (size !== undefined && range.end >= size) {
    throw new TypeError(`Range ${range.start}-${range.end} ends after ${size} bytes`);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
