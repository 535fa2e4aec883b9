/**
 * The hash bench inside Node, Deno or Bun: `hash_child.ts RUNTIME ROUNDS` prints its lines as JSON.
 *
 * In: the two arguments. Out: lines on standard output. Next: `hash.ts` passes them on.
 * @module
 */
import { createHash } from "node:crypto";
import { createSHA256, createSHA512 } from "hash-wasm";
import { encodeHex, type Hasher } from "../src/core/mod.ts";
import { createHasher, wasmHasher } from "../src/hash/mod.ts";
import { type HashCase, hashCases, hashMib, type Peer, STREAM_PIECE_BYTES } from "./hash_cases.ts";
import { type BenchLine, compare, cpuTime, peakRssMib, rounded } from "./runner.ts";

const hashWasm = { sha256: await createSHA256(), sha512: await createSHA512() };

const byHashWasm: Peer = (algorithm) => {
  const hash = hashWasm[algorithm].init();
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => hash.digest("binary") as Uint8Array<ArrayBuffer>,
  };
};

const byNodeCrypto: Peer = (algorithm) => {
  const hash = createHash(algorithm);
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => hash.digest(),
  };
};

async function run(one: HashCase, runtime: string, rounds: number): Promise<BenchLine> {
  const hash = (hasher: Hasher, mib: number): Promise<Uint8Array> =>
    hashMib(hasher, mib, STREAM_PIECE_BYTES);
  const digests = [await hash(one.ours(), 1), await hash(one.theirs(), 1)];
  if (new Set(digests.map(encodeHex)).size !== 1) throw new Error(`${one.name}: digests differ`);
  const { ratio, ours, theirs } = await compare({
    ours: () => hash(one.ours(), one.mib),
    theirs: () => hash(one.theirs(), one.mib),
    rounds,
    now: cpuTime,
  });
  return {
    bench: "hash",
    runtime,
    case: one.name,
    vs: one.vs,
    ratio: rounded(ratio),
    value: rounded(one.mib / ours * 1000, 0),
    peer: rounded(one.mib / theirs * 1000, 0),
    unit: "MiB/s",
    rss_mib: peakRssMib(),
  };
}

const [runtime = "node", rounds = "61"] = process.argv.slice(2);
// Rounds of some 6 ms are shorter than a time slice: most meet no other process.
const cases = hashCases(
  { ours: wasmHasher, theirs: byHashWasm, vs: "hash-wasm", mib: 2 },
  { ours: createHasher, theirs: byNodeCrypto, mib: 8 },
);
for (const one of cases) console.log(JSON.stringify(await run(one, runtime, Number(rounds))));
