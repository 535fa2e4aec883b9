import type { Authorizer, Credential, CredentialProvider } from "../auth/mod.ts";
import type { Upstream } from "../core/mod.ts";

/** What {@linkcode createApiAuthorizer} works with. */
export interface ApiAuthorizerOptions {
  /** GitHub's API as an upstream: the token goes to its origin and nowhere else. */
  readonly upstream: Upstream;
  readonly credentials: CredentialProvider;
  /** Another credential is used from now on: it has a budget of its own. */
  readonly onReplaced: () => void;
}

/**
 * Authorise requests to GitHub's API: it sends no challenge, and shows private things to nobody as
 * 404, so the token goes along from the start. One that is refused (401) is given back to the
 * provider, and another that it then has is tried.
 */
export function createApiAuthorizer(options: ApiAuthorizerOptions): Authorizer {
  const { upstream, credentials, onReplaced } = options;
  const header = async (): Promise<string | undefined> => {
    const credential = await credentials.get(upstream);
    return credential && `Bearer ${tokenOf(credential)}`;
  };
  const isOwn = (url: string): boolean => new URL(url).origin === upstream.origin;
  return {
    authorization: async ({ url }) => isOwn(url) ? await header() : undefined,
    async answer(_, { status, url }, sent): Promise<string | undefined> {
      if (status !== 401 || sent === undefined || !isOwn(url)) return undefined;
      await credentials.invalidate?.(upstream);
      const next = await header();
      if (next === sent) return undefined;
      onReplaced();
      return next;
    },
  };
}

/** A personal access token is the password where the registry wants one. */
function tokenOf(credential: Credential): string {
  return (credential.kind === "basic" ? credential.password : credential.token).reveal();
}
