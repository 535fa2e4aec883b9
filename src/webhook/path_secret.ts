import { encodeUtf8, type Secret, timingSafeEqual } from "../core/mod.ts";
import { assertSecrets } from "./signature.ts";

const FIT = /^[A-Za-z0-9._~-]{22,512}$/; // 22 of base64url are 128 bits; a UUID has 36
const RULE = "must be 22 to 512 of A-Z, a-z, 0-9, '.', '_', '~' and '-'";

/**
 * Make the check of a secret that is part of a path, for senders that sign nothing.
 *
 * Hashes are compared, of equal length and in constant time, and every secret is tried.
 *
 * @param secrets All that are valid now; two while one replaces the other.
 * @param key Where they are configured, for the error.
 * @throws {TidegateError} CONFIGURATION when there is none, or one does not fit into a path or is short.
 */
export function createPathSecret(
  secrets: readonly Secret[],
  key = "secrets",
): (segment: string) => Promise<boolean> {
  assertSecrets(secrets, key, (secret) => FIT.test(secret.reveal()), RULE);
  let digests: readonly Uint8Array[] | undefined;
  return async (segment) => {
    digests ??= await Promise.all(secrets.map((secret) => sha256(secret.revealBytes())));
    const presented = await sha256(encodeUtf8(segment));
    return digests.map((digest) => timingSafeEqual(digest, presented)).includes(true);
  };
}

/** SHA-256 by Web Crypto. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
