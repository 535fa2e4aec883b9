import { excerpt, TidegateError } from "./errors.ts";
import { isJsonObject, type Json, type JsonObject, parseJson } from "./json.ts";

/** How the value at `part` is read. */
export type ReadJson<T> = (value: Json, part: string) => T;

/**
 * Reads JSON whose shape nobody has checked yet. A `part` says where a value is, for messages:
 * `results[2].name`. What breaks a rule throws INVALID_RESPONSE with the part and the rule.
 */
export interface JsonReader {
  /** Names the document in errors. */
  readonly what: string;
  /** The error for a part that breaks the rule in `reason`. */
  invalid(part: string, reason: string, options?: ErrorOptions): TidegateError<"INVALID_RESPONSE">;
  /** JSON as it came: {@linkcode parseJson}. */
  readJson(bytes: Uint8Array | string, part: string): Json;
  /** The object at `part`. */
  readObject(value: Json | undefined, part: string): JsonObject;
  /** The list at `part`, each entry read by `read`. */
  readList<T>(value: Json | undefined, part: string, read: ReadJson<T>): readonly T[];
  /** The string at `part`. */
  readString(value: Json | undefined, part: string): string;
  /** The whole number at `part`: 0 or more, at most 2^53 - 1. */
  readCount(value: Json | undefined, part: string): number;
  /** The date at `part` (RFC 3339), in milliseconds since the epoch. */
  readDate(value: Json | undefined, part: string): number;
  /** The field `name` of the object at `part`; undefined where it is absent or null. */
  readOptional<T>(
    fields: JsonObject,
    name: string,
    part: string,
    read: ReadJson<T>,
  ): T | undefined;
}

/**
 * Make a reader.
 *
 * @param what Names the document: `GitHub answer`.
 * @param longestString Most characters of a string. Default is any number.
 */
export function jsonReader(what: string, longestString: number = Infinity): JsonReader {
  const invalid: JsonReader["invalid"] = (part, reason, options) => {
    const input = excerpt(part);
    const message = `${what}: ${input} ${reason}`;
    return new TidegateError("INVALID_RESPONSE", message, { what, input, reason }, options);
  };
  return {
    what,
    invalid,
    readJson(bytes, part): Json {
      try {
        return parseJson(bytes);
      } catch (cause) {
        throw invalid(part, "is not JSON that can be read safely", { cause });
      }
    },
    readObject(value, part): JsonObject {
      if (isJsonObject(value)) return value;
      throw invalid(part, "must be a JSON object");
    },
    readList<T>(value: Json | undefined, part: string, read: ReadJson<T>): readonly T[] {
      if (!Array.isArray(value)) throw invalid(part, "must be a list");
      return value.map((entry: Json, i) => read(entry, `${part}[${i}]`));
    },
    readString(value, part): string {
      if (typeof value !== "string") throw invalid(part, "must be a string");
      if (value.length <= longestString) return value;
      throw invalid(part, `must have at most ${longestString} characters`);
    },
    readCount(value, part): number {
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      throw invalid(part, "must be a whole number from 0 to 2^53 - 1");
    },
    readDate(value, part): number {
      const at = typeof value === "string" && RFC_3339.test(value) ? Date.parse(value) : NaN;
      if (Number.isNaN(at)) throw invalid(part, "must be a date and time as in RFC 3339");
      return at;
    },
    readOptional<T>(
      fields: JsonObject,
      name: string,
      part: string,
      read: ReadJson<T>,
    ): T | undefined {
      const value = fields[name] ?? null;
      return value === null ? undefined : read(value, `${part}.${name}`);
    },
  };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
