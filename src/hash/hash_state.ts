import { concatBytes, type HashAlgorithm, TidegateError } from "../core/mod.ts";
import { type Sha2Parameters, swapWords } from "./sha2_parameters.ts";

/** The progress of a hash. */
export interface HashState {
  /** The chaining state: 8 little-endian words. */
  chain: Uint8Array<ArrayBuffer>;
  /** One block; its first `length % pending.length` bytes wait for the rest. */
  pending: Uint8Array<ArrayBuffer>;
  /** Bytes hashed so far. */
  length: number;
}

const VERSION = 1;
const ALGORITHM_CODES: Readonly<Record<HashAlgorithm, number>> = { sha256: 1, sha512: 2 };
const HEADER_BYTES = 10;

/**
 * The snapshot: version (1 byte), algorithm (1), length (8), chaining state (32 or 64), pending bytes;
 * numbers and words big-endian. At most 201 bytes.
 */
export function encodeState(parameters: Sha2Parameters, state: HashState): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = ALGORITHM_CODES[parameters.algorithm];
  new DataView(header.buffer).setBigUint64(2, BigInt(state.length));
  return concatBytes([
    header,
    swapWords(state.chain, parameters.wordLength),
    state.pending.subarray(0, state.length % parameters.blockLength),
  ]);
}

/**
 * Read a snapshot.
 *
 * A chaining state of the right length cannot be told from a forged one: who keeps a snapshot where
 * others can write seals it.
 *
 * @throws {TidegateError} HASH_STATE_INVALID for another version or algorithm, a wrong length, or a
 * chaining state other than the initial one before the first block is full.
 */
export function decodeState(parameters: Sha2Parameters, snapshot: Uint8Array): HashState {
  const { blockLength, initial } = parameters;
  const chainEnd = HEADER_BYTES + initial.length;
  if (snapshot.length < chainEnd) throw invalid(`It has ${snapshot.length} bytes, too few`);
  if (snapshot[0] !== VERSION) throw invalid(`Its version is ${snapshot[0]}, not ${VERSION}`);
  if (snapshot[1] !== ALGORITHM_CODES[parameters.algorithm]) {
    throw invalid(`It is not a state of ${parameters.algorithm}`);
  }
  const length = readLength(snapshot);
  if (snapshot.length !== chainEnd + length % blockLength) {
    throw invalid(`It has ${snapshot.length} bytes, which does not fit a length of ${length}`);
  }
  const chain = snapshot.subarray(HEADER_BYTES, chainEnd);
  if (length < blockLength && chain.some((byte, i) => byte !== initial[i])) {
    throw invalid("Its chaining state has moved before the first block was full");
  }
  const pending = new Uint8Array(blockLength);
  pending.set(snapshot.subarray(chainEnd));
  return { chain: swapWords(chain, parameters.wordLength), pending, length };
}

function readLength(snapshot: Uint8Array): number {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const length = Number(view.getBigUint64(2));
  if (!Number.isSafeInteger(length)) throw invalid("Its length is above 2^53 - 1");
  return length;
}

function invalid(reason: string): TidegateError<"HASH_STATE_INVALID"> {
  return new TidegateError("HASH_STATE_INVALID", `Hash state refused: ${reason}`, { reason });
}
