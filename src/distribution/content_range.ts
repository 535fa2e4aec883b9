import { parseCount } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";

/** Bytes `start` to `end`, both inclusive, of a whole of `size` bytes (undefined: not told). */
export interface SatisfiedContentRange {
  readonly start: number;
  readonly end: number;
  readonly size: number | undefined;
}

/** What a 416 says: there is no such part of a whole of `size` bytes. */
export interface UnsatisfiedContentRange {
  readonly start: undefined;
  readonly end: undefined;
  readonly size: number;
}

/** A `Content-Range`; `start` tells the two kinds apart. */
export type ContentRange = SatisfiedContentRange | UnsatisfiedContentRange;

/**
 * Read a `Content-Range`: `bytes 0-99/200`. A star stands for a size that is not told, or, with a 416,
 * for the range.
 *
 * @throws {TidegateError} INVALID_RESPONSE when malformed, given twice, in another unit, or when
 * its numbers are not in order.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-14.4 | RFC 9110 14.4}
 */
export function parseContentRange(text: string): ContentRange {
  const match = text.length > 64
    ? null
    : /^bytes (?:\*|([0-9]{1,16})-([0-9]{1,16}))\/(?:\*|([0-9]{1,16}))$/i.exec(text);
  if (match === null) throw invalidResponse("Content-Range", text, "must be one range of bytes");
  const [start, end, size] = [match[1], match[2], match[3]].map((digits) => {
    return digits === undefined ? undefined : parseCount(digits) ?? NaN;
  });
  const isOrdered = start === undefined || end === undefined
    ? size !== undefined && size >= 0
    : start <= end && (size === undefined || end < size);
  if (!isOrdered) throw invalidResponse("Content-Range", text, "must have its numbers in order");
  return { start, end, size } as ContentRange;
}

/** Write a `Content-Range`; parsing it gives the same range. */
export function formatContentRange(
  { start, end, size }: {
    readonly start?: number | undefined;
    readonly end?: number | undefined;
    readonly size?: number | undefined;
  },
): string {
  const part = start === undefined || end === undefined ? "*" : `${start}-${end}`;
  return `bytes ${part}/${size ?? "*"}`;
}
