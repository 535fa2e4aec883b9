import { excerpt, isJsonObject, type Json, type JsonObject, type ReadJson } from "../core/mod.ts";
import { ambiguousManifest, invalidManifest } from "./invalid_manifest.ts";

/** The object at `part`. */
export function readObject(value: Json | undefined, part: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw invalidManifest(part, "must be a JSON object");
}

/** The string at `part`. */
export function readString(value: Json | undefined, part: string): string {
  if (typeof value === "string") return value;
  throw invalidManifest(part, "must be a string");
}

/** The list at `part`, each entry read by `read`. */
export function readList<T>(
  value: Json | undefined,
  part: string,
  read: (entry: Json, part: string) => T,
): T[] {
  if (!Array.isArray(value)) throw invalidManifest(part, "must be a list");
  return value.map((entry: Json, i) => read(entry, `${part}[${i}]`));
}

/** The strings by name at `part`. */
export function readStringMap(
  value: Json | undefined,
  part: string,
): Readonly<Record<string, string>> {
  const object = readObject(value, part);
  for (const key of Object.keys(object)) readString(object[key], `${part}.${excerpt(key, 64)}`);
  return object as Readonly<Record<string, string>>;
}

/** A whole number of bytes at `part`: 0 or more, at most 2^53 - 1. */
export function readSize(value: Json | undefined, part: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw invalidManifest(part, "must be a whole number below 2^53");
  }
  if (value < 0) throw invalidManifest(part, "must not be negative");
  return value;
}

/**
 * The fields that are there, each read by its own `read`; absent and null are the same.
 *
 * @param prefix What the names of the parts begin with: `config.`
 */
export function readOptional<T extends object>(
  fields: JsonObject,
  prefix: string,
  reads: { readonly [Name in keyof T]: ReadJson<T[Name]> },
): { readonly [Name in keyof T]?: T[Name] } {
  const found: { [Name in keyof T]?: T[Name] } = {};
  for (const name in reads) {
    const value = fields[name] ?? null;
    if (value !== null) found[name] = reads[name](value, prefix + name);
  }
  return found;
}

/** The list of strings at `part`. */
export function readStrings(value: Json | undefined, part: string): string[] {
  return readList(value, part, readString);
}

/** The keys that a kind of object gives a meaning to, by their lower-case spelling. */
export type KnownKeys = ReadonlyMap<string, string>;

/** The {@linkcode KnownKeys} of a list separated by spaces. */
export function knownKeys(list: string): KnownKeys {
  return new Map(list.split(" ").map((key) => [key.toLowerCase(), key]));
}

const LONGEST_KNOWN_KEY = 16;

/**
 * Refuse keys that differ from a known one by case alone. Go's JSON reader takes `Layers` (and, by
 * Unicode folding, `layerſ`) for `layers`; JavaScript's does not.
 *
 * @throws {TidegateError} AMBIGUOUS_MANIFEST.
 */
export function refuseCaseVariants(object: JsonObject, known: KnownKeys, part: string): void {
  for (const key of Object.keys(object)) {
    if (key.length > LONGEST_KNOWN_KEY) continue;
    if ((known.get(key.toUpperCase().toLowerCase()) ?? key) !== key) {
      throw ambiguousManifest(part, `has "${excerpt(key)}", which some readers take for another`);
    }
  }
}
