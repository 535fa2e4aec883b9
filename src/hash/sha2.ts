import type { HashAlgorithm, Hasher, StatefulHasher } from "../core/mod.ts";
import { decodeState, encodeState, type HashState } from "./hash_state.ts";
import { SHA256, type Sha2Parameters, SHA512, swapWords } from "./sha2_parameters.ts";
import { wasmEngine } from "./wasm_engine.ts";

/**
 * An incremental SHA-256 whose state can be saved. Runs on WASM; many may be in use at once, each
 * holding some hundred bytes.
 *
 * @throws {TidegateError} UNSUPPORTED where the runtime refuses to compile WASM.
 * @see {@link https://doi.org/10.6028/NIST.FIPS.180-4 | FIPS 180-4}
 */
export function createSha256(): StatefulHasher {
  return withState(SHA256);
}

/**
 * An incremental SHA-512 whose state can be saved; otherwise as {@linkcode createSha256}.
 *
 * @throws {TidegateError} UNSUPPORTED where the runtime refuses to compile WASM.
 */
export function createSha512(): StatefulHasher {
  return withState(SHA512);
}

/** The WASM hasher as a port: works the same on every runtime. */
export function wasmHasher(algorithm: HashAlgorithm): StatefulHasher {
  return algorithm === "sha256" ? createSha256() : createSha512();
}

/** {@linkcode wasmHasher} without the means to save its state: less code where nothing is saved. */
export function plainWasmHasher(algorithm: HashAlgorithm): Hasher {
  return createSha2(algorithm === "sha256" ? SHA256 : SHA512).hasher;
}

function withState(parameters: Sha2Parameters): StatefulHasher {
  const { hasher, live, restore } = createSha2(parameters);
  return {
    ...hasher,
    exportState: () => encodeState(parameters, live()),
    importState: (snapshot) => restore(decodeState(parameters, snapshot)),
  };
}

/** A hash whose progress others may see and change. */
export interface Sha2 {
  readonly hasher: Pick<StatefulHasher, "algorithm" | "update" | "digest">;
  /**
   * Its progress, which whoever compresses blocks elsewhere moves on.
   * @throws {TypeError} When the digest was taken.
   */
  live(): HashState;
  /** Another progress instead. */
  restore(state: HashState): void;
}

/** Make a hash on WASM, of which other kinds are made. */
export function createSha2(parameters: Sha2Parameters): Sha2 {
  const engine = wasmEngine();
  let state: HashState | undefined = initialState(parameters);
  const live = (): HashState => {
    if (state === undefined) throw new TypeError("The hash has ended: its digest was taken");
    return state;
  };
  const hasher: Sha2["hasher"] = {
    algorithm: parameters.algorithm,
    update(chunk): void {
      const { chain, pending, length } = live();
      const held = length % pending.length;
      const rest = engine.compress(chain, pending.subarray(0, held), chunk);
      pending.set(chunk.subarray(chunk.length - rest), rest === chunk.length ? held : 0);
      live().length = length + chunk.length;
    },
    digest(): Uint8Array<ArrayBuffer> {
      const { chain, pending, length } = live();
      const held = pending.subarray(0, length % pending.length);
      engine.compress(chain, held, padding(length, parameters));
      state = undefined;
      return swapWords(chain, parameters.wordLength);
    },
  };
  return { hasher, live, restore: (other) => void (state = other) };
}

function initialState({ initial, wordLength, blockLength }: Sha2Parameters): HashState {
  return {
    chain: swapWords(initial, wordLength),
    pending: new Uint8Array(blockLength),
    length: 0,
  };
}

/** The bit 1, zeros, and the length in bits, to the end of a block (FIPS 180-4, 5.1). */
function padding(length: number, { blockLength, wordLength }: Sha2Parameters): Uint8Array {
  const lengthField = 2 * wordLength;
  const zeros = (2 * blockLength - 1 - lengthField - length % blockLength) % blockLength;
  const bytes = new Uint8Array(1 + zeros + lengthField);
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(length) * 8n);
  return bytes;
}
