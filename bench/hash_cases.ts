import type { HashAlgorithm, Hasher } from "../src/core/mod.ts";

/** One comparison of the hash bench. */
export interface HashCase {
  readonly name: string;
  readonly vs: string;
  /** How much each side hashes in a round. */
  readonly mib: number;
  readonly ours: () => Hasher;
  readonly theirs: () => Hasher;
}

/** Makes the hashers of a library, for either algorithm. */
export type Peer = (algorithm: HashAlgorithm) => Hasher;

/** The two sides of a comparison. */
export interface Sides {
  readonly ours: Peer;
  readonly theirs: Peer;
  /** How much each hashes in a round. */
  readonly mib: number;
}

/** The four cases: WASM and native, each with both algorithms. */
export function hashCases(
  wasm: Sides & { readonly vs: string },
  native: Sides,
): readonly HashCase[] {
  return (["sha256", "sha512"] as const).flatMap((algorithm) => [
    {
      name: `wasm-${algorithm}`,
      vs: wasm.vs,
      mib: wasm.mib,
      ours: () => wasm.ours(algorithm),
      theirs: () => wasm.theirs(algorithm),
    },
    {
      name: `native-${algorithm}`,
      vs: "node:crypto",
      mib: native.mib,
      ours: () => native.ours(algorithm),
      theirs: () => native.theirs(algorithm),
    },
  ]);
}

const INPUT: Uint8Array<ArrayBuffer> = Uint8Array.from(
  { length: 1024 * 1024 },
  (_, i) => (i * 31) ^ (i >>> 9),
);

/** What network streams give at most on Node, Deno and Bun. */
export const STREAM_PIECE_BYTES: number = 64 * 1024;

/** What the front door reads of a large blob at once on workerd, or half of it. */
export const WORKERD_PIECE_BYTES: number = 1024 * 1024;

/** Hash `mib` MiB in pieces. */
export async function hashMib(
  hasher: Hasher,
  mib: number,
  pieceBytes: number,
): Promise<Uint8Array> {
  for (let i = 0; i < mib; i++) {
    for (let at = 0; at < INPUT.length; at += pieceBytes) {
      const wait = hasher.update(INPUT.subarray(at, at + pieceBytes));
      if (wait) await wait;
    }
  }
  return await hasher.digest();
}
