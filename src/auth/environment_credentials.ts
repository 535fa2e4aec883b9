import { Secret, TidegateError, type Upstream } from "../core/mod.ts";
import { isBoundTo } from "./bound_to.ts";
import { basicCredential, type Credential, type CredentialProvider } from "./credential.ts";

/** Looks a variable up; undefined for one that is not set. */
export type EnvironmentLookup = (name: string) => string | undefined;

/** Options of {@linkcode environmentCredentials}. */
export interface EnvironmentCredentialsOptions {
  /** The registry that they are for: `docker.io`, `https://registry.example:5000`. */
  readonly registry: string;
  /** `processEnvironment` where there is a process, `(name) => env[name]` on Workers. */
  readonly lookup: EnvironmentLookup;
  /** Variables that may hold the user name, tried in order. Default is `REGISTRY_USERNAME`. */
  readonly username?: readonly string[];
  /**
   * Variables that may hold the password or personal access token, tried in order. Default is
   * `REGISTRY_TOKEN`, then `REGISTRY_PASSWORD`.
   */
  readonly password?: readonly string[];
}

/**
 * A user name and password from environment variables, bound to one registry. Read at each use, so
 * that a rotated value is seen. A variable that is set but empty counts as not set.
 *
 * @throws {TidegateError} CREDENTIALS, from `get`, when only one of the two is set, or the user name
 * cannot be sent; it names the variables, never a value.
 */
export function environmentCredentials(options: EnvironmentCredentialsOptions): CredentialProvider {
  const {
    registry,
    lookup,
    username: usernames = ["REGISTRY_USERNAME"],
    password: passwords = ["REGISTRY_TOKEN", "REGISTRY_PASSWORD"],
  } = options;
  const first = (names: readonly string[]): string | undefined =>
    names.map(lookup).find((value) => value !== undefined && value !== "");
  return {
    id: `environment:${usernames[0] ?? ""}`,
    async get(upstream: Upstream): Promise<Credential | undefined> {
      if (!isBoundTo(registry, upstream)) return undefined;
      const username = first(usernames);
      const password = first(passwords);
      if (username === undefined && password === undefined) return undefined;
      if (username === undefined) throw incomplete(usernames, passwords);
      if (password === undefined) throw incomplete(passwords, usernames);
      return toCredential(username, password);
    },
  };
}

function toCredential(username: string, password: string): Credential {
  try {
    return basicCredential(username, new Secret(password));
  } catch (cause) {
    const reason = "has a user name with a colon or a control character";
    throw new TidegateError("CREDENTIALS", `The environment ${reason}`, {
      source: "environment",
      reason,
    }, { cause });
  }
}

function incomplete(
  missing: readonly string[],
  present: readonly string[],
): TidegateError<"CREDENTIALS"> {
  const reason = `${present.join(" or ")} is set but ${missing.join(" or ")} is not`;
  return new TidegateError("CREDENTIALS", `The credentials are incomplete: ${reason}`, {
    source: "environment",
    reason,
  });
}
