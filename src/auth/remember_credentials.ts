import type { Upstream } from "../core/mod.ts";
import { credentialParts } from "./credential_parts.ts";
import type { Credential, CredentialProvider } from "./credential.ts";

/** A provider that knows what it gave. */
export interface RememberedCredentials extends CredentialProvider {
  /** The secrets of the last few credentials that it gave: what a server may repeat. */
  secrets(): readonly string[];
}

const MOST = 4; // one that was refused and the next, for each of two upstreams

/** Remember the credentials that a provider gives, so that its secrets can be taken out of errors. */
export function rememberCredentials(provider: CredentialProvider): RememberedCredentials {
  let given: readonly Credential[] = [];
  return {
    id: provider.id,
    async get(upstream: Upstream): Promise<Credential | undefined> {
      const credential = await provider.get(upstream);
      if (credential !== undefined && !given.includes(credential)) {
        given = [credential, ...given].slice(0, MOST);
      }
      return credential;
    },
    invalidate: (upstream) => provider.invalidate?.(upstream),
    secrets: () => given.map((credential) => credentialParts(credential)[2]),
  };
}
