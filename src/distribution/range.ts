import { parseCount } from "./header_fields.ts";

/** A range as it is asked for: from `start` up to `end` or the last byte, or the last `suffix` bytes. */
export type RangeSpec =
  | { readonly start: number; readonly end?: number | undefined; readonly suffix?: undefined }
  | { readonly suffix: number; readonly start?: undefined; readonly end?: undefined };

/**
 * Read a `Range` of one part: `bytes=0-99`, `bytes=100-`, `bytes=-100`.
 *
 * A range that ends before it starts is returned as it is: no blob has it.
 *
 * @returns Undefined for other units, several parts and malformed values: RFC 9110 lets a server
 * ignore those, and send everything.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-14.2 | RFC 9110 14.2}
 */
export function parseRange(text: string): RangeSpec | undefined {
  if (text.length > 64) return undefined;
  const match = /^bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*$/i.exec(text);
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  const [start, end] = [parseCount(first), parseCount(last)];
  if (first === "") return end === undefined ? undefined : { suffix: end };
  if (start === undefined || (last !== "" && end === undefined)) return undefined;
  return end === undefined ? { start } : { start, end };
}

/**
 * Write a `Range`; parsing it gives the same range.
 * @throws {TypeError} If a number is not whole and at least 0, or the end is before the start.
 */
export function formatRange({ start, end, suffix }: RangeSpec): string {
  const numbers = [start, end, suffix].filter((number) => number !== undefined);
  const isCount = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!isCount || (start !== undefined && end !== undefined && end < start)) {
    throw new TypeError("A range is whole numbers from 0, in order");
  }
  return suffix === undefined ? `bytes=${start}-${end ?? ""}` : `bytes=-${suffix}`;
}

/**
 * The bytes that a range means in content of a known size, both ends inclusive.
 *
 * @returns Undefined when there are none: answer 416.
 */
export function resolveRange(
  range: RangeSpec,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const last = size - 1;
  const start = range.suffix === undefined ? range.start : Math.max(size - range.suffix, 0);
  const end = Math.min(range.end ?? last, last);
  return start <= end ? { start, end } : undefined;
}
