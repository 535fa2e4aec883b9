import type { Method, RegistryRequest, RequestKind } from "../core/mod.ts";
import { parseRepositoryName } from "../reference/mod.ts";

/** One repository on one registry. */
export interface Target {
  /** Scheme, host and port, nothing after: `https://registry-1.docker.io`. */
  readonly origin: string;
  /** `library/nginx` */
  readonly repository: string;
}

/** What a request to a repository is made of. */
export interface RepositoryRequestParts {
  readonly method?: Method | undefined;
  readonly kind: RequestKind;
  /** What follows `/v2/<name>/`, made of checked parts. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RegistryRequest["body"] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is done with the repository, and what with others. */
export interface RepositoryRights {
  /** In the order `pull`, `push`, `delete`. */
  readonly actions: readonly string[];
  /** Scopes of other repositories: a mount pulls from where the blob is. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * A request that needs the right to pull from a repository.
 *
 * @throws {TidegateError} INVALID_NAME when the repository is no repository name.
 * @throws {TypeError} If the origin is not one.
 */
export function pullRequest(target: Target, parts: RepositoryRequestParts): RegistryRequest {
  return repositoryRequest(target, { ...parts, actions: ["pull"] });
}

/**
 * A request to a repository, with the scopes that it needs. The URL is built from checked parts:
 * nothing that was not parsed gets into a path.
 *
 * @throws {TidegateError} INVALID_NAME when the repository is no repository name.
 * @throws {TypeError} If the origin is not one.
 */
export function repositoryRequest(
  target: Target,
  parts: RepositoryRequestParts & RepositoryRights,
): RegistryRequest {
  const name = parseRepositoryName(target.repository);
  const { method = "GET", kind, path, query = {}, headers = {}, body, signal } = parts;
  const url = new URL(`/v2/${name}/${path}`, checkOrigin(target.origin));
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(key, value);
  }
  return {
    method,
    url: url.href,
    headers,
    kind,
    scopes: [repositoryScope(name, parts.actions), ...(parts.scopes ?? [])],
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** The scope of actions on a repository whose name was parsed: `repository:acme/app:pull,push`. */
export function repositoryScope(name: string, actions: readonly string[]): string {
  return `repository:${name}:${actions.join(",")}`;
}

/**
 * The origin itself.
 * @throws {TypeError} If it has a path, a query, credentials or another scheme than http(s).
 */
export function checkOrigin(origin: string): string {
  if (/^https?:\/\//.test(origin) && new URL(origin).origin === origin) return origin;
  throw new TypeError("A registry's origin is its scheme, host and port in lower case, no more");
}
