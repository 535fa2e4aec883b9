import type { Upstream } from "../core/mod.ts";
import { isBoundTo } from "./bound_to.ts";
import type { Credential, CredentialProvider } from "./credential.ts";

/**
 * Credentials given in the program, each bound to one registry.
 *
 * @param credentials By registry: `docker.io`, `ghcr.io`, `https://registry.example:5000`. Matched by
 * exact origin.
 * @param id Names the provider in logs. Default is `static`.
 *
 * @example
 * ```ts
 * import { basicCredential, staticCredentials } from "tidegate/auth";
 * const credentials = staticCredentials({ "ghcr.io": basicCredential("octocat", token) });
 * ```
 */
export function staticCredentials(
  credentials: Readonly<Record<string, Credential>>,
  id = "static",
): CredentialProvider {
  const entries = Object.entries(credentials);
  return {
    id,
    async get(upstream: Upstream): Promise<Credential | undefined> {
      return entries.find(([line]) => isBoundTo(line, upstream))?.[1];
    },
  };
}

/**
 * Several providers as one: the first that has a credential for the upstream is used. One that fails
 * fails the whole: the next might be somebody else's credential.
 */
export function firstCredentials(...providers: readonly CredentialProvider[]): CredentialProvider {
  return {
    id: providers.map(({ id }) => id).join("+"),
    async get(upstream: Upstream): Promise<Credential | undefined> {
      for (const provider of providers) {
        const credential = await provider.get(upstream);
        if (credential !== undefined) return credential;
      }
      return undefined;
    },
    async invalidate(upstream: Upstream): Promise<void> {
      for (const provider of providers) await provider.invalidate?.(upstream);
    },
  };
}
