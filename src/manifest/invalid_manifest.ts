import { excerpt, TidegateError } from "../core/mod.ts";

/** The error for a part of a manifest (`layers[2].size`) that breaks the rule in `reason`. */
export function invalidManifest(
  part: string,
  reason: string,
  options?: ErrorOptions,
  code: "INVALID_MANIFEST" | "AMBIGUOUS_MANIFEST" = "INVALID_MANIFEST",
): TidegateError {
  const input = excerpt(part);
  return new TidegateError(code, `Manifest: ${input} ${reason}`, { input, reason }, options);
}

/** The error for a manifest that two readers could understand differently. */
export function ambiguousManifest(
  part: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError {
  return invalidManifest(part, reason, options, "AMBIGUOUS_MANIFEST");
}
