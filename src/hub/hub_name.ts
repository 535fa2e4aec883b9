import { excerpt, TidegateError } from "../core/mod.ts";
import { parseRepositoryName, type Reference } from "../reference/mod.ts";
import { isHubHost } from "./hub_upstream.ts";

/** A repository as Docker Hub files it. */
export interface HubName {
  /** A user or an organisation; `library` for official images. */
  readonly namespace: string;
  readonly name: string;
}

/** A repository as callers name it: `acme/app`, `nginx` (which is `library/nginx`), a reference. */
export type RepositoryLike = string | Pick<Reference, "registry" | "repository">;

/**
 * Split the name of a repository on Docker Hub.
 *
 * @throws {TidegateError} INVALID_NAME, INVALID_NAMESPACE; INVALID_IMAGE_REFERENCE for a reference to
 * another registry.
 */
export function parseHubName(repository: RepositoryLike): HubName {
  const text = typeof repository === "string" ? repository : assertHub(repository).repository;
  const full = text.includes("/") ? text : `library/${text}`;
  const [namespace = "", name = "", ...more] = parseRepositoryName(full).split("/");
  if (more.length > 0) throw invalidName(text, "must be a namespace and a name");
  return { namespace: parseNamespace(namespace), name };
}

/** `acme/app`. */
export function formatHubName({ namespace, name }: HubName): string {
  return `${namespace}/${name}`;
}

/**
 * Check a namespace: 2 to 255 lower-case letters, digits and dashes.
 *
 * @returns The same text.
 * @throws {TidegateError} INVALID_NAMESPACE.
 */
export function parseNamespace(text: string): string {
  if (/^[a-z0-9-]{2,255}$/.test(text)) return text;
  const input = excerpt(text);
  const reason = "must have 2 to 255 lower-case letters, digits and dashes";
  throw new TidegateError("INVALID_NAMESPACE", `Namespace "${input}" ${reason}`, { input, reason });
}

/**
 * Refuse a reference that means another registry.
 *
 * @returns The same reference.
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE.
 */
export function assertHub<T extends Pick<Reference, "registry">>(ref: T): T {
  if (isHubHost(ref.registry)) return ref;
  const input = excerpt(ref.registry);
  const reason = "is not Docker Hub, which is docker.io";
  const message = `The registry "${input}" ${reason}`;
  throw new TidegateError("INVALID_IMAGE_REFERENCE", message, { input, reason });
}

function invalidName(text: string, reason: string): TidegateError<"INVALID_NAME"> {
  const input = excerpt(text);
  return new TidegateError("INVALID_NAME", `Repository name "${input}" ${reason}`, {
    input,
    reason,
  });
}
