import {
  basicCredential,
  type Credential,
  type CredentialProvider,
  environmentCredentials,
  type EnvironmentLookup,
  processEnvironment,
  staticCredentials,
} from "../auth/mod.ts";
import { Secret, TidegateError, type Upstream } from "../core/mod.ts";
import { apiUrlOf } from "./github_hosts.ts";
import { GHCR } from "./reference.ts";

/** Where GitHub's credentials may go. */
export interface GithubBinding {
  /** The registry. Default is `ghcr.io`. */
  readonly registry?: string | undefined;
  /** The API. Default is the registry's own: `https://api.github.com` for `ghcr.io`. */
  readonly apiUrl?: string | undefined;
}

/** Options of {@linkcode githubCredentials}. */
export interface GithubCredentialsOptions extends GithubBinding {
  /**
   * Needed by the registry. Default is `token`: with a personal access token the registry looks at the
   * token alone.
   */
  readonly username?: string | undefined;
  /** A classic personal access token, or a workflow's `GITHUB_TOKEN`. */
  readonly token: string | Secret;
}

/**
 * One token for both sides of GitHub: the registry gets it as a password, the API as a bearer. It is
 * bound to these two origins. Where they are to get different tokens, use `staticCredentials` with a
 * line for each.
 *
 * @throws {TypeError} For an empty token, or a user name that Basic cannot carry.
 */
export function githubCredentials(options: GithubCredentialsOptions): CredentialProvider {
  const { registry = GHCR, username = "token" } = options;
  const token = typeof options.token === "string" ? new Secret(options.token) : options.token;
  const { origin } = new URL(options.apiUrl ?? apiUrlOf(registry));
  return staticCredentials({
    [registry]: basicCredential(username, token),
    [origin]: { kind: "bearer", token },
  }, "github");
}

/** Options of {@linkcode githubEnvironmentCredentials}. */
export interface GithubEnvironmentOptions extends GithubBinding {
  /** Default looks into this process; on Workers give `(name) => env[name]`. */
  readonly lookup?: EnvironmentLookup | undefined;
  /** Variables that may hold the user name, tried in order. Default is `GITHUB_ACTOR`. */
  readonly username?: readonly string[] | undefined;
  /** Variables that may hold the token, tried in order. Default is `GITHUB_TOKEN`. */
  readonly token?: readonly string[] | undefined;
}

/**
 * A token from environment variables, for the registry and the API, as workflows have it. Read at each
 * use, so that a rotated one is seen.
 *
 * `get` rejects with CREDENTIALS when only one of the two is set that the registry needs.
 */
export function githubEnvironmentCredentials(
  options: GithubEnvironmentOptions = {},
): CredentialProvider {
  const { registry = GHCR, lookup = processEnvironment } = options;
  const { username = ["GITHUB_ACTOR"], token = ["GITHUB_TOKEN"] } = options;
  const forRegistry = environmentCredentials({ registry, lookup, username, password: token });
  const { origin } = new URL(options.apiUrl ?? apiUrlOf(registry));
  return {
    id: `github-environment:${token[0] ?? ""}`,
    async get(upstream: Upstream): Promise<Credential | undefined> {
      if (upstream.origin !== origin) return await forRegistry.get(upstream);
      const value = token.map(lookup).find((found) => found !== undefined && found !== "");
      return value === undefined ? undefined : { kind: "bearer", token: new Secret(value) };
    },
  };
}

/** Options of {@linkcode refreshedCredentials}. */
export interface RefreshedCredentialsOptions extends GithubBinding {
  /**
   * Gets a token: of a GitHub App's installation, of a vault. Called when there is none yet, and again
   * once the registry or the API refused the last one.
   */
  readonly fetchToken: () => Promise<
    { readonly username?: string; readonly token: string | Secret }
  >;
}

/**
 * Tokens that somebody else makes, kept until one is refused.
 *
 * `get` rejects with CREDENTIALS when `fetchToken` does.
 */
export function refreshedCredentials(options: RefreshedCredentialsOptions): CredentialProvider {
  let current: CredentialProvider | undefined;
  return {
    id: "github-refreshed",
    async get(upstream: Upstream): Promise<Credential | undefined> {
      current ??= githubCredentials({ ...options, ...await fetchChecked(options) });
      return await current.get(upstream);
    },
    invalidate(): void {
      current = undefined;
    },
  };
}

async function fetchChecked(
  { fetchToken }: RefreshedCredentialsOptions,
): ReturnType<RefreshedCredentialsOptions["fetchToken"]> {
  try {
    return await fetchToken();
  } catch {
    // no cause: it is not ours, and may hold a secret
    const reason = "fetchToken failed";
    throw new TidegateError("CREDENTIALS", `There is no token for GitHub: ${reason}`, {
      source: "fetchToken",
      reason,
    });
  }
}
