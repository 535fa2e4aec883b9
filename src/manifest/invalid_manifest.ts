import { excerpt, TidegateError } from "../core/mod.ts";

/** The error for a part of a manifest (`layers[2].size`) that breaks the rule in `reason`. */
export function invalidManifest(
  part: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError {
  const input = excerpt(part);
  return new TidegateError(
    "INVALID_MANIFEST",
    `Manifest: ${input} ${reason}`,
    { input, reason },
    options,
  );
}

/** The error for a manifest that two readers could understand differently. */
export function ambiguousManifest(
  part: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError {
  const input = excerpt(part);
  return new TidegateError(
    "AMBIGUOUS_MANIFEST",
    `Manifest is ambiguous: ${input} ${reason}`,
    { input, reason },
    options,
  );
}
