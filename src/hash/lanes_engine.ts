import { decodeHex } from "../core/mod.ts";
import { LANES_WASM_HEX } from "./lanes_hex.ts";
import { firstPrimes, rootFraction } from "./root_fraction.ts";
import { compileWasm } from "./wasm_source.ts";

/** How many hashes go side by side: 32-bit words of a vector. */
export const LANES = 4;

const STATE_BYTES = 32;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly K256: WebAssembly.Global;
  readonly STATE: WebAssembly.Global;
  readonly BLOCKS: WebAssembly.Global;
  readonly compress256x4: (
    ...[count, ...addresses]: [number, number, number, number, number]
  ) => void;
}

/** What one lane works at. */
export interface Lane {
  /** The chaining state as little-endian words; replaced by the next one. */
  readonly chain: Uint8Array;
  /** Where its blocks stand in {@linkcode LanesEngine.blocks}. */
  readonly at: number;
}

/** The instance of `lanes.wasm`. */
export interface LanesEngine {
  /** Room for blocks: 256 KiB. */
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** Run so many blocks of each lane through the compression function: of one lane to four. */
  compress(count: number, lanes: readonly Lane[]): void;
}

/**
 * Make an engine.
 * @throws {TidegateError} UNSUPPORTED where WASM cannot be compiled from bytes.
 */
export function createLanesEngine(): LanesEngine {
  const module = compileWasm(decodeHex(LANES_WASM_HEX));
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  writeConstants(exports);
  const buffer = exports.memory.buffer as ArrayBuffer;
  const blocksAt = exports.BLOCKS.value as number;
  const states = new Uint8Array(buffer, exports.STATE.value as number, LANES * STATE_BYTES);
  return {
    blocks: new Uint8Array(buffer, blocksAt),
    compress(count, lanes): void {
      lanes.forEach(({ chain }, i) => states.set(chain, i * STATE_BYTES));
      const [p = 0, q = p, r = p, s = p] = lanes.map(({ at }) => blocksAt + at);
      exports.compress256x4(count, p, q, r, s);
      lanes.forEach(({ chain }, i) => {
        chain.set(states.subarray(i * STATE_BYTES, (i + 1) * STATE_BYTES));
      });
    },
  };
}

/** As in `wasm_engine.ts`, each constant once for every lane. */
function writeConstants({ memory, K256 }: Exports): void {
  const view = new DataView(memory.buffer);
  firstPrimes(64).forEach((prime, i) => {
    const word = Number(rootFraction(prime, 3n) >> 32n);
    for (let lane = 0; lane < LANES; lane++) {
      view.setUint32(K256.value + 4 * (LANES * i + lane), word, true);
    }
  });
}
