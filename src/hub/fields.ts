import { type Json, type JsonReader, jsonReader, type ReadJson } from "../core/mod.ts";

/** Reads what Docker Hub answers. */
export const hubAnswer: JsonReader = jsonReader("Docker Hub answer");

/** The list at `part`, each entry read by `read`; absent and null are empty. */
export function readEntries<T>(
  value: Json | undefined,
  part: string,
  read: ReadJson<T>,
): readonly T[] {
  return hubAnswer.readList(value ?? [], part, read);
}

/** The string at `part`, which is not empty. */
export function readName(value: Json | undefined, part: string): string {
  const text = hubAnswer.readString(value, part);
  if (text === "") throw hubAnswer.invalid(part, "must not be empty");
  return text;
}

/** The boolean at `part`. */
export function readFlag(value: Json | undefined, part: string): boolean {
  if (typeof value === "boolean") return value;
  throw hubAnswer.invalid(part, "must be true or false");
}

/** A whole number from 0 at `part`. The search sends some as text. */
export function readCount(value: Json | undefined, part: string): number {
  const isText = typeof value === "string" && /^[0-9]{1,16}$/.test(value);
  return hubAnswer.readCount(isText ? Number(value) : value, part);
}
