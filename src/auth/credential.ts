import { Secret, type Upstream } from "../core/mod.ts";

/** What proves who asks. */
export type Credential =
  | { readonly kind: "basic"; readonly username: string; readonly password: Secret }
  | {
    /** A refresh token, exchanged at the token endpoint (docker's `identitytoken`). */
    readonly kind: "identity";
    readonly token: Secret;
    /** For token endpoints that know no refresh grant: sent as Basic with the token as password. */
    readonly username?: string;
  }
  | {
    /** A registry token used as it is, without exchange (docker's `registrytoken`). */
    readonly kind: "bearer";
    readonly token: Secret;
  };

/**
 * Finds the credential that the operator bound to an upstream. Implement it for a secret store of
 * your own; errors that `get` throws fail the request, `undefined` means anonymous.
 */
export interface CredentialProvider {
  /** Names the provider in logs and, in part, in cache keys. Not secret. */
  readonly id: string;
  /** The credential for exactly this upstream. Called often: keep what is expensive. */
  get(upstream: Upstream): Promise<Credential | undefined>;
  /**
   * The registry refused what `get` gave: forget it. `get` is then asked once more, and something
   * else that it gives is tried.
   */
  invalidate?(upstream: Upstream): void | Promise<void>;
}

/** No credentials for anybody. */
export const anonymousCredentials: CredentialProvider = {
  id: "anonymous",
  get: () => Promise.resolve(undefined),
};

/**
 * A user name with a password or personal access token.
 *
 * @throws {TypeError} If the user name has a colon or a control character, which Basic cannot carry
 * (RFC 7617 2), or the password is empty.
 */
export function basicCredential(username: string, password: string | Secret): Credential {
  const secret = typeof password === "string" ? new Secret(password) : password;
  if (/[:\u0000-\u001f\u007f]/.test(username)) {
    throw new TypeError("A user name must not have a colon or a control character");
  }
  if (secret.length === 0) throw new TypeError("A password must not be empty");
  return { kind: "basic", username, password: secret };
}
