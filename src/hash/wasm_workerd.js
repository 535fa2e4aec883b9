// @ts-self-types="./wasm_workerd.d.ts"
// Plain JavaScript: only workerd gives a WebAssembly.Module here, and type checkers disagree about `.wasm`.
import wasm from "./sha2.wasm";
export default wasm;
