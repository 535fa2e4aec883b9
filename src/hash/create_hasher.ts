import type { HashAlgorithm, Hasher, HasherFactory } from "../core/mod.ts";
import { findNodeHasher } from "./native_node.ts";
import { findWorkerdHasher } from "./native_workerd.ts";
import { plainWasmHasher } from "./sha2.ts";

/** The runtime's own incremental hash, five times as fast as WASM; undefined in browsers. */
export const nativeHasher: HasherFactory | undefined = /* @__PURE__ */ findNativeHasher();

function findNativeHasher(): HasherFactory | undefined {
  return findWorkerdHasher() ?? findNodeHasher();
}

/**
 * A hasher for bytes that pass once: native where the runtime has one, else WASM. Its state cannot
 * be saved; for that see {@linkcode createSha256}.
 *
 * @throws {TidegateError} UNSUPPORTED where there is neither a native hash nor WASM.
 */
export function createHasher(algorithm: HashAlgorithm): Hasher {
  return (nativeHasher ?? plainWasmHasher)(algorithm);
}
