import { basicCredential, type Credential, type CredentialProvider } from "../auth/mod.ts";
import { Secret, type Upstream } from "../core/mod.ts";

/** An account, as options give it. */
export interface AccountOptions {
  /** User name; for an organisation's token, the organisation. */
  readonly username?: string | undefined;
  /** The account's password. Not with `accessToken`, which is better: it can be revoked alone. */
  readonly password?: string | Secret | undefined;
  /** A personal access token (`dckr_pat_…`), or an organisation's (`dckr_oat_…`). */
  readonly accessToken?: string | Secret | undefined;
  /** Finds the account elsewhere: with it, none of the others. */
  readonly credentials?: CredentialProvider | undefined;
}

/**
 * The provider that options mean: an account is bound to Docker Hub's API and to its registry, as
 * these options place them, and to nothing else.
 *
 * @throws {TypeError} For half an account, or two.
 */
export function accountCredentials(
  options: AccountOptions,
  bound: readonly Upstream[],
): CredentialProvider | undefined {
  const { username, password, accessToken, credentials } = options;
  const secret = accessToken ?? password;
  if (username === undefined && secret === undefined) return credentials;
  if (credentials !== undefined) {
    throw new TypeError("credentials and an account: one of them is enough");
  }
  if (username === undefined) throw new TypeError("There is a secret but no username");
  if (secret === undefined) {
    throw new TypeError("There is a username but neither accessToken nor password");
  }
  const credential = basicCredential(username, secret);
  const origins = bound.map(({ origin }) => origin);
  return {
    id: "docker hub account",
    async get({ origin }): Promise<Credential | undefined> {
      return origins.includes(origin) ? credential : undefined;
    },
  };
}
