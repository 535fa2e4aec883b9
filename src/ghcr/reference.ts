import { excerpt, isTidegateError, TidegateError } from "../core/mod.ts";
import { parseReference, type Reference } from "../reference/mod.ts";

/** The registry that a name without one means. */
export const GHCR = "ghcr.io";

/**
 * Read a reference as users of GitHub's registry write it: `[ghcr.io/]owner/name[:tag][@digest]`.
 *
 * Other than with `parseReference`, a name without a registry is on GitHub's, and an owner is needed:
 * nothing falls back to Docker Hub. The tag is `latest` when neither tag nor digest is given.
 *
 * @param registry What a name without registry means. Default is `ghcr.io`.
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE for an empty or a bare name; INVALID_NAME, which
 * shows the lower-case spelling of a name in upper case; INVALID_TAG; INVALID_DIGEST; UNSUPPORTED.
 *
 * @example
 * ```ts
 * import { parseGhcrReference } from "tidegate/ghcr";
 * parseGhcrReference("acme/app:v1").registry; // "ghcr.io"
 * ```
 */
export function parseGhcrReference(text: string, registry: string = GHCR): Reference {
  if (text === "") throw invalid(text, "must not be empty");
  const slash = text.indexOf("/");
  const first = slash === -1 ? "" : text.slice(0, slash);
  const isHost = first === "localhost" || /[.:[]/.test(first);
  const reference = parseReference(isHost ? text : `${registry}/${text}`);
  if (!reference.repository.includes("/")) {
    throw invalid(text, "must name an owner and a package: owner/name");
  }
  return { ...reference, registry: reference.registry.toLowerCase() };
}

/** {@linkcode parseGhcrReference}, with undefined for anything that it refuses. */
export function tryParseGhcrReference(text: string, registry?: string): Reference | undefined {
  try {
    return parseGhcrReference(text, registry);
  } catch (error) {
    if (isTidegateError(error)) return undefined;
    throw error;
  }
}

function invalid(text: string, reason: string): TidegateError<"INVALID_IMAGE_REFERENCE"> {
  const input = excerpt(text);
  return new TidegateError("INVALID_IMAGE_REFERENCE", `Image reference "${input}" ${reason}`, {
    input,
    reason,
  });
}
