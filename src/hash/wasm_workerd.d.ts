/** `sha2.wasm`, compiled by workerd when the Worker was deployed. */
declare const wasm: WebAssembly.Module;
export default wasm;
