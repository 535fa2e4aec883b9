import type { Reference } from "../reference/mod.ts";
import type { ApiCallOptions, GithubApi } from "./api.ts";
import { githubAnswer } from "./fields.ts";
import { type PackageOwner, parseLogin, splitRepository } from "./owner.ts";

const { readObject, readString } = githubAnswer;

/** Tells whether an account is an organisation or a user. */
export interface Accounts {
  /**
   * The owner of a repository's package. Each account is asked about once.
   * @throws {TidegateError} NOT_FOUND for no account; INVALID_NAME; INVALID_NAMESPACE.
   */
  ownerOf(
    ref: Pick<Reference, "repository">,
    options?: ApiCallOptions,
  ): Promise<{ readonly owner: PackageOwner; readonly name: string }>;
}

/** @see {@linkcode Accounts} */
export function createAccounts(api: GithubApi): Accounts {
  const kinds = new Map<string, "org" | "user">();
  const kindOf = async (account: string, { signal }: ApiCallOptions): Promise<"org" | "user"> => {
    const path = `/users/${encodeURIComponent(parseLogin(account))}`;
    const fields = readObject(await api.get(path, { what: account, signal }), "account");
    return readString(fields["type"], "account.type") === "Organization" ? "org" : "user";
  };
  return {
    async ownerOf(ref, options = {}): ReturnType<Accounts["ownerOf"]> {
      const { account, name } = splitRepository(ref);
      const kind = kinds.get(account) ?? await kindOf(account, options);
      kinds.set(account, kind);
      return { owner: { kind, name: account }, name };
    },
  };
}
