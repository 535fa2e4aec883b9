import type { RegistryClient } from "../client/mod.ts";
import { excerpt, isTidegateError } from "../core/mod.ts";
import { type Digest, parseReference, type Reference, tryParseDigest } from "../reference/mod.ts";

/**
 * Asks the registry, with the operator's own credentials, what a tag or a digest names now.
 *
 * @param repository The registry's name of it, by the grammar of references.
 * @param reference A tag or a digest.
 * @returns Undefined when the registry says that it is not there, or that it must not be seen.
 * @throws Anything, when the registry could not be asked.
 */
export type DigestResolver = (
  repository: string,
  reference: string,
  signal: AbortSignal,
) => Promise<Digest | undefined>;

/**
 * Resolve with a registry client: one HEAD, which Docker Hub does not count as a pull.
 *
 * @param registry Host as in references: `docker.io`, `ghcr.io`.
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE when the registry breaks its grammar.
 * @throws {TypeError} When it is a name that a reference would not take for a registry.
 */
export function registryResolver(client: RegistryClient, registry: string): DigestResolver {
  const { registry: host, repository: rest } = parseReference(`${registry}/a/b`);
  if (rest !== "a/b") throw new TypeError(`"${excerpt(registry)}" is no registry`);
  return async (repository, reference, signal) => {
    const digest = tryParseDigest(reference);
    const named = digest === undefined ? { tag: reference } : { digest };
    const ref: Reference = { registry: host, repository, ...named };
    try {
      return (await client.manifests.head(ref, { signal })).digest;
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
  };
}

/** Whether a registry says that something is not there, or hides it. */
export function isNotThere(error: unknown): boolean {
  return isTidegateError(error, "NOT_FOUND") || isTidegateError(error, "FORBIDDEN") ||
    isTidegateError(error, "UNAUTHORIZED");
}
