import { excerpt, type Json, TidegateError } from "../core/mod.ts";

/** A JSON object whose fields nobody has checked yet. */
export type JsonObject = { readonly [key: string]: Json };

/** The error for a part of an answer (`results[2].name`) that breaks the rule in `reason`. */
export function invalidAnswer(
  part: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError<"INVALID_RESPONSE"> {
  const what = "Docker Hub answer";
  const input = excerpt(part);
  const message = `${what}: ${input} ${reason}`;
  return new TidegateError("INVALID_RESPONSE", message, { what, input, reason }, options);
}

/** The object at `part`. */
export function readObject(value: Json | undefined, part: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw invalidAnswer(part, "must be a JSON object");
}

/** The list at `part`, each entry read by `read`; absent and null are empty. */
export function readList<T>(
  value: Json | undefined,
  part: string,
  read: (entry: Json, part: string) => T,
): readonly T[] {
  const list = value ?? [];
  if (!Array.isArray(list)) throw invalidAnswer(part, "must be a list");
  return list.map((entry: Json, i) => read(entry, `${part}[${i}]`));
}

/** How the value at `part` is read. */
export type Read<T> = (value: Json, part: string) => T;

/** A field that may be absent or null. */
export function optional<T>(
  fields: JsonObject,
  name: string,
  part: string,
  read: Read<T>,
): T | undefined {
  const value = fields[name] ?? null;
  return value === null ? undefined : read(value, `${part}.${name}`);
}

/** The string at `part`. */
export function readString(value: Json | undefined, part: string): string {
  if (typeof value === "string") return value;
  throw invalidAnswer(part, "must be a string");
}

/** The string at `part`, which is not empty. */
export function readName(value: Json | undefined, part: string): string {
  const text = readString(value, part);
  if (text === "") throw invalidAnswer(part, "must not be empty");
  return text;
}

/** The boolean at `part`. */
export function readFlag(value: Json | undefined, part: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalidAnswer(part, "must be true or false");
}

/** A whole number from 0 at `part`. The search sends some as text. */
export function readCount(value: Json | undefined, part: string): number {
  const isText = typeof value === "string" && /^[0-9]{1,16}$/.test(value);
  const count = isText ? Number(value) : value;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  throw invalidAnswer(part, "must be a whole number from 0");
}

const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** The time at `part`, written as RFC 3339, in milliseconds since the epoch. */
export function readTime(value: Json | undefined, part: string): number {
  const at = typeof value === "string" && ISO_DATE.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) throw invalidAnswer(part, "must be a date and time");
  return at;
}
