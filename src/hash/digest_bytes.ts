import type { HashAlgorithm } from "../core/mod.ts";

const NAMES: Readonly<Record<HashAlgorithm, string>> = { sha256: "SHA-256", sha512: "SHA-512" };

/** The digest of bytes that are all in memory, by WebCrypto: 32 or 64 bytes. */
export async function digestBytes(
  algorithm: HashAlgorithm,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(NAMES[algorithm], bytes));
}
