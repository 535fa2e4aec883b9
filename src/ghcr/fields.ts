import { excerpt, type Json, parseJson, TidegateError } from "../core/mod.ts";

/** A JSON object of GitHub's whose fields nobody has checked yet. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * Read an answer of GitHub's API, or a document that it carries.
 *
 * @param what Names it in the error: `package versions`.
 * @throws {TidegateError} INVALID_RESPONSE when it is no JSON.
 */
export function readJson(bytes: Uint8Array | string, what: string): Json {
  try {
    return parseJson(bytes);
  } catch (cause) {
    throw invalidAnswer(what, "is not JSON that can be read safely", { cause });
  }
}

/** The object at `part`. */
export function readObject(value: Json | undefined, part: string): JsonObject {
  if (isObject(value)) return value;
  throw invalidAnswer(part, "must be a JSON object");
}

/** The list at `part`, each entry read by `read`. */
export function readList<T>(
  value: Json | undefined,
  part: string,
  read: (entry: Json, part: string) => T,
): T[] {
  if (!Array.isArray(value)) throw invalidAnswer(part, "must be a list");
  return value.map((entry: Json, i) => read(entry, `${part}[${i}]`));
}

const LONGEST_STRING = 4096;

/** The string at `part`, of at most 4096 characters. */
export function readString(value: Json | undefined, part: string): string {
  if (typeof value !== "string") throw invalidAnswer(part, "must be a string");
  if (value.length <= LONGEST_STRING) return value;
  throw invalidAnswer(part, `must have at most ${LONGEST_STRING} characters`);
}

/** The whole number at `part`: 0 or more, at most 2^53 - 1. */
export function readCount(value: Json | undefined, part: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidAnswer(part, "must be a whole number from 0 to 2^53 - 1");
}

/** The date at `part` (RFC 3339), in milliseconds since the epoch. */
export function readDate(value: Json | undefined, part: string): number {
  const text = readString(value, part);
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const time = isDate ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw invalidAnswer(part, "must be a date as in RFC 3339");
}

/** What is at `part`, or undefined where there is nothing or null. */
export function readOptional<T>(
  value: Json | undefined,
  part: string,
  read: (value: Json, part: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, part);
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The error for a part of an answer that breaks the rule in `reason`. */
export function invalidAnswer(
  part: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError<"INVALID_RESPONSE"> {
  const shown = excerpt(part, 128);
  const message = `GitHub's answer is not valid: ${shown} ${reason}`;
  const details = { what: "GitHub API", input: shown, reason };
  return new TidegateError("INVALID_RESPONSE", message, details, options);
}
