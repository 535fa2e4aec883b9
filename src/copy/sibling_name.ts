/** What is before the tag in a name that has a repository: `ghcr.io/acme/app` of `…/app:v1`. */
function repositoryOf(name: string): string | undefined {
  const [, repository] = /^(.*?[^:/]):[^:/]+$/s.exec(name.replace(/@.*$/s, "")) ?? [];
  return repository;
}

/**
 * The name in a layout of another tag of the same repository. Where the name is a bare tag, as most
 * tools write it, so is this.
 */
export function siblingName(name: string | undefined, tag: string): string {
  const repository = name === undefined ? undefined : repositoryOf(name);
  return repository === undefined ? tag : `${repository}:${tag}`;
}

/** The tag in a name of the same repository; undefined for one of another. */
export function tagOfSibling(name: string | undefined, other: string): string | undefined {
  const repository = name === undefined ? undefined : repositoryOf(name);
  if (repository === undefined) return other;
  return other.startsWith(`${repository}:`) ? other.slice(repository.length + 1) : undefined;
}
