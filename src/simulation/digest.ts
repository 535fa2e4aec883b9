import { encodeHex } from "../core/mod.ts";
import type { HashAlgorithm, HasherFactory } from "../core/mod.ts";
import type { Content } from "./content.ts";

/** Above this a one-shot digest would hold too much: 256 MiB. */
export const MAX_ONE_SHOT_BYTES: number = 256 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

const SUBTLE_NAMES: Readonly<Record<HashAlgorithm, string>> = {
  sha256: "SHA-256",
  sha512: "SHA-512",
};

/** `algorithm:hex` of some bytes, by Web Crypto. */
export async function digestOf(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: HashAlgorithm = "sha256",
): Promise<string> {
  const digest = await crypto.subtle.digest(SUBTLE_NAMES[algorithm], bytes);
  return `${algorithm}:${encodeHex(new Uint8Array(digest))}`;
}

/**
 * `algorithm:hex` of a content. Web Crypto has no incremental digest, so large contents need a
 * hasher (`nodeHasher` of `serve_node.ts`, or any of `tidegate/hash`).
 *
 * @throws {TypeError} If the content is larger than 256 MiB and no hasher is given.
 */
export async function digestContent(
  content: Content,
  algorithm: HashAlgorithm = "sha256",
  hasher?: HasherFactory,
): Promise<string> {
  if (hasher === undefined) {
    if (content.size > MAX_ONE_SHOT_BYTES) {
      throw new TypeError(`A content of ${content.size} bytes needs a hasher`);
    }
    return await digestOf(content.read(0, content.size), algorithm);
  }
  const hash = hasher(algorithm);
  for (let at = 0; at < content.size; at += PIECE_BYTES) {
    await hash.update(content.read(at, Math.min(content.size, at + PIECE_BYTES)));
  }
  return `${algorithm}:${encodeHex(await hash.digest())}`;
}
