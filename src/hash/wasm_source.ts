import { decodeHex, TidegateError } from "../core/mod.ts";
import { SHA2_WASM_HEX } from "./sha2_hex.ts";

let compiled: WebAssembly.Module | undefined;

/** Use this compiled `sha2.wasm` instead of the inline one. The entry for workerd calls it. */
export function registerWasm(module: WebAssembly.Module): void {
  compiled = module;
}

/**
 * The compiled `sha2.wasm`: the registered one, or the inline one compiled on first use.
 * @throws {TidegateError} UNSUPPORTED where the runtime will not compile WASM from bytes.
 */
export function wasmModule(): WebAssembly.Module {
  return compiled ??= compileWasm(decodeHex(SHA2_WASM_HEX));
}

/**
 * Compile WASM bytes, or say why the runtime refuses.
 * @throws {TidegateError} UNSUPPORTED: workerd compiles only what it was deployed with, browsers obey
 * their Content-Security-Policy, and old engines lack SIMD.
 */
export function compileWasm(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new TidegateError(
      "UNSUPPORTED",
      "This runtime refuses to compile WASM; in a Worker, import tidegate/hash/workerd first",
      { what: "WASM hash", reason: cause instanceof Error ? cause.message : "unknown" },
      { cause },
    );
  }
}
