/**
 * The hash bench inside workerd: `GET /CASE/SIDE/MIB` hashes and answers with the digest. workerd's
 * clock stands still while it computes, so the time is taken outside.
 *
 * In: requests. Out: digests in hex. Next: `hash_workerd.ts` times them.
 * @module
 */
import { createHash } from "node:crypto";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { encodeHex } from "../src/core/mod.ts";
import { createHasher, wasmHasher } from "../src/hash/workerd.ts";
import { hashCases, hashMib, type Peer, WORKERD_PIECE_BYTES } from "./hash_cases.ts";

const byNoble: Peer = (algorithm) => {
  const hash = (algorithm === "sha256" ? sha256 : sha512).create();
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => hash.digest() as Uint8Array<ArrayBuffer>,
  };
};

const byNodeCrypto: Peer = (algorithm) => {
  const hash = createHash(algorithm);
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => new Uint8Array(hash.digest()),
  };
};

// Large enough that the request itself, under a millisecond, does not count.
const CASES = hashCases(
  { ours: wasmHasher, theirs: byNoble, vs: "@noble/hashes", mib: 4 },
  { ours: createHasher, theirs: byNodeCrypto, mib: 32 },
);

export default {
  async fetch(request: Request): Promise<Response> {
    const [, name, side, mib] = new URL(request.url).pathname.split("/");
    const one = CASES.find((each) => each.name === name);
    if (one === undefined) return Response.json(CASES);
    const hasher = side === "ours" ? one.ours() : one.theirs();
    return new Response(encodeHex(await hashMib(hasher, Number(mib), WORKERD_PIECE_BYTES)));
  },
};
