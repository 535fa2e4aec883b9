/**
 * Hashes: SHA-256 and SHA-512, incremental, native or WASM, with a state that can be saved.
 *
 * In: bytes in pieces. Out: digests, snapshots. Next: `verify`, uploads.
 * @module
 */
export { createHasher, nativeHasher } from "./create_hasher.ts";
export { digestBytes } from "./digest_bytes.ts";
export { createSha256, createSha512, wasmHasher } from "./sha2.ts";
