import { excerpt, TidegateError } from "../core/mod.ts";
import { parseRepositoryName, type Reference } from "../reference/mod.ts";

/**
 * Whose packages are meant. GitHub has one path for organisations, one for users, and one for
 * whoever the token belongs to.
 */
export type PackageOwner =
  | { readonly kind: "org"; readonly name: string }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "authenticated" };

/**
 * The path below which an owner's packages are: `/orgs/acme/packages`.
 *
 * @throws {TidegateError} INVALID_NAMESPACE for a name that no account can have.
 */
export function packagesPath(owner: PackageOwner): string {
  return `${ownerPath(owner)}/packages`;
}

/** The path of an owner: `/orgs/acme`, `/users/octocat`, `/user`. */
export function ownerPath(owner: PackageOwner): string {
  if (owner.kind === "authenticated") return "/user";
  return `/${owner.kind === "org" ? "orgs" : "users"}/${
    encodeURIComponent(parseLogin(owner.name))
  }`;
}

/**
 * The path of one container package: `/orgs/acme/packages/container/app%2Fweb`.
 *
 * @throws {TidegateError} INVALID_NAMESPACE, INVALID_NAME.
 */
export function packagePath(owner: PackageOwner, name: string): string {
  return `${packagesPath(owner)}/container/${encodeURIComponent(parseRepositoryName(name))}`;
}

/** The path of one version of a package. */
export function versionPath(owner: PackageOwner, name: string, id: number): string {
  if (!Number.isSafeInteger(id) || id < 0) throw new TypeError("A version's id is a whole number");
  return `${packagePath(owner, name)}/versions/${id}`;
}

/** The account and the package that a repository name means: `acme/app/web` is acme's `app/web`. */
export function splitRepository(
  { repository }: Pick<Reference, "repository">,
): { readonly account: string; readonly name: string } {
  const slash = repository.indexOf("/");
  if (slash > 0) {
    return { account: repository.slice(0, slash), name: repository.slice(slash + 1) };
  }
  const input = excerpt(repository);
  const reason = "must name an owner and a package: owner/name";
  throw new TidegateError("INVALID_NAME", `Repository name "${input}" ${reason}`, {
    input,
    reason,
  });
}

/**
 * Check the name of a GitHub account.
 *
 * @throws {TidegateError} INVALID_NAMESPACE.
 */
export function parseLogin(name: string): string {
  // managed users have an underscore before their company's short code
  if (/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_-])?$/.test(name)) return name;
  const input = excerpt(name);
  const reason = "must have 1 to 100 letters, digits, dashes and underscores";
  throw new TidegateError("INVALID_NAMESPACE", `Account name "${input}" ${reason}`, {
    input,
    reason,
  });
}
