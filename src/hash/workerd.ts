/**
 * Side effect: on workerd, give the hashes the compiled WASM module.
 *
 * workerd refuses to compile WASM from bytes, so a Worker imports this once, before the first hash:
 * `import "tidegate/hash/workerd"`. Elsewhere the module is compiled from base64 and this is not needed.
 *
 * In: `sha2.wasm` as a module. Out: nothing. Next: `wasm_source.ts`.
 * @module
 */
import wasm from "./wasm_workerd.js";
import { registerWasm } from "./wasm_source.ts";

registerWasm(wasm);
