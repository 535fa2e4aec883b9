import { createHasher } from "../hash/mod.ts";
import { type Digest, digestAlgorithm, formatDigest } from "../reference/mod.ts";

/**
 * The digest of a document, in the algorithm of another digest; sha256 without one. Not by WebCrypto,
 * which asks another thread: for a few hundred bytes that takes ten times as long.
 */
export async function digestLike(other: Digest | undefined, bytes: Uint8Array): Promise<Digest> {
  const algorithm = other === undefined ? "sha256" : digestAlgorithm(other);
  const hasher = createHasher(algorithm);
  await hasher.update(bytes);
  return formatDigest(algorithm, await hasher.digest());
}
