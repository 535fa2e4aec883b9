/**
 * The entry for workerd: everything of `mod.ts`, and the side effect of giving the hashes the
 * compiled WASM module.
 *
 * workerd refuses to compile WASM from bytes, so a Worker that uses `createSha256` or `createSha512`
 * imports this. Bundlers that know the `workerd` condition take it for `tidegate/hash`; for others,
 * `import "tidegate/hash/workerd"` once. `createHasher` uses `crypto.DigestStream` there and needs it not.
 *
 * In: `sha2.wasm` as a module. Out: the hashes. Next: `verify`, uploads.
 * @module
 */
import { registerWasm } from "./wasm_source.ts";
import wasm from "./wasm_workerd.js";

export { createHasher, nativeHasher } from "./create_hasher.ts";
export { digestBytes } from "./digest_bytes.ts";
export { createSha256, createSha512, wasmHasher } from "./sha2.ts";

registerWasm(wasm);
