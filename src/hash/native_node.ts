import type { HashAlgorithm, Hasher, HasherFactory } from "../core/mod.ts";

interface NodeHash {
  update(chunk: Uint8Array): unknown;
  digest(): Uint8Array<ArrayBuffer>;
  copy(): NodeHash;
}

interface NodeCrypto {
  createHash(algorithm: HashAlgorithm): NodeHash;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:crypto"): NodeCrypto | undefined;
}

/**
 * Hashers of `node:crypto` on Node 22.3, Deno 2 and Bun and later; undefined elsewhere. Looked up at
 * run time, so that bundles for browsers and Workers need no stand-in.
 */
export function findNodeHasher(): HasherFactory | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  const crypto = process?.getBuiltinModule?.("node:crypto");
  return crypto && ((algorithm) => createNodeHasher(algorithm, crypto.createHash(algorithm)));
}

function createNodeHasher(algorithm: HashAlgorithm, hash: NodeHash): Hasher {
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => new Uint8Array(hash.digest()),
    fork: () => createNodeHasher(algorithm, hash.copy()),
  };
}
