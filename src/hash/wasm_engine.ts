import { firstPrimes, rootFraction } from "./root_fraction.ts";
import { wasmModule } from "./wasm_source.ts";

/** Bytes that fit the window of the module's memory: a multiple of both block lengths. */
const WINDOW_BYTES: number = 64 * 1024;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly K256: WebAssembly.Global;
  readonly K512: WebAssembly.Global;
  readonly STATE: WebAssembly.Global;
  readonly BLOCKS: WebAssembly.Global;
  readonly compress256: (count: number) => void;
  readonly compress512: (count: number) => void;
}

/** One instance of `sha2.wasm`. It keeps nothing between calls, so all hashers share it. */
export interface WasmEngine {
  /**
   * Run whole blocks through the compression function.
   *
   * @param state The chaining state as little-endian words, 32 or 64 bytes; replaced by the next one.
   * @param head Bytes that come before `body`: less than one block.
   * @param body Any length; what does not fill a block at its end is left out.
   * @returns How many bytes at the end of `body` were left out; `body.length` when no block filled.
   */
  compress(state: Uint8Array, head: Uint8Array, body: Uint8Array): number;
}

let engine: WasmEngine | undefined;

/**
 * The engine, instantiated on first use.
 * @throws {TidegateError} UNSUPPORTED where WASM cannot be compiled.
 */
export function wasmEngine(): WasmEngine {
  return engine ??= createWasmEngine(wasmModule());
}

function createWasmEngine(module: WebAssembly.Module): WasmEngine {
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  writeConstants(exports);
  const memory = new Uint8Array(exports.memory.buffer);
  const stateAt = exports.STATE.value as number;
  const blocksAt = exports.BLOCKS.value as number;
  return {
    compress(state, head, body): number {
      const isSha256 = state.length === 32;
      const blockLength = isSha256 ? 64 : 128;
      const run = isSha256 ? exports.compress256 : exports.compress512;
      const end = body.length - (head.length + body.length) % blockLength;
      if (end <= 0) return body.length;
      memory.set(state, stateAt);
      memory.set(head, blocksAt);
      let at = blocksAt + head.length;
      for (let offset = 0; offset < end;) {
        const next = Math.min(end, offset + blocksAt + WINDOW_BYTES - at);
        memory.set(body.subarray(offset, next), at);
        run((at - blocksAt + next - offset) / blockLength);
        offset = next;
        at = blocksAt;
      }
      state.set(memory.subarray(stateAt, stateAt + state.length));
      return body.length - end;
    },
  };
}

/**
 * The constants of the rounds, from the cube roots of the first 80 primes (FIPS 180-4, 4.2.2 and
 * 4.2.3). Random as they look, no bundler's compression would make them smaller than this.
 */
function writeConstants({ memory, K256, K512 }: Exports): void {
  const view = new DataView(memory.buffer);
  firstPrimes(80).forEach((prime, i) => {
    const word = rootFraction(prime, 3n);
    view.setBigUint64(K512.value + 8 * i, word, true);
    if (i < 64) view.setUint32(K256.value + 4 * i, Number(word >> 32n), true);
  });
}
