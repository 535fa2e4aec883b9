import type { Credential } from "./credential.ts";

/**
 * Kind, user name (empty where there is none) and secret. It reveals the secret: for a header, a
 * keyed hash and a comparison, nothing else.
 */
export function credentialParts(
  credential: Credential,
): readonly [kind: Credential["kind"], username: string, secret: string] {
  const { kind } = credential;
  const username = kind === "bearer" ? "" : credential.username ?? "";
  return [kind, username, (kind === "basic" ? credential.password : credential.token).reveal()];
}
