import { excerpt, TidegateError } from "../core/mod.ts";

const LONGEST_KEY_SHOWN = 128;

/**
 * An error about one key. It names the key, the kind of its value and the rule; never the value,
 * which may be a secret put in the wrong place.
 *
 * @param key Where it is: `upstreams[0].origin`. Empty for the whole document.
 * @param value Only its kind is shown.
 * @param rule What the value breaks, as the end of a sentence: `must be an array`.
 */
export function configurationError(
  key: string,
  value: unknown,
  rule: string,
): TidegateError<"CONFIGURATION"> {
  const shown = key === "" ? "The configuration" : `The key ${excerpt(key, LONGEST_KEY_SHOWN)}`;
  return new TidegateError("CONFIGURATION", `${shown} (${kindOf(value)}) ${rule}`, {
    key,
    reason: rule,
  });
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "absent";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
