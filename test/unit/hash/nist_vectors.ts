import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { decodeHex } from "../../../src/core/mod.ts";

/** A message and its digest in hex. */
export interface MessageVector {
  readonly message: Uint8Array;
  readonly digest: string;
}

/** A Monte Carlo run: the seed and its checkpoints, in hex. */
export interface MonteVector {
  readonly seed: string;
  readonly checkpoints: readonly string[];
}

function readResponseFile(name: string): string {
  const path = new URL(`../../vectors/nist/${name}.rsp.gz`, import.meta.url);
  return gunzipSync(readFileSync(path)).toString("latin1");
}

/** Every message of a `ShortMsg` or `LongMsg` file. `Len` counts bits; a length of 0 has `Msg = 00`. */
export function readMessages(name: string): readonly MessageVector[] {
  const entries = readResponseFile(name).matchAll(/Len = (\d+)\s+Msg = (\w+)\s+MD = (\w+)/g);
  return Array.from(entries, ([, bits, message = "", digest = ""]) => ({
    message: decodeHex(message).subarray(0, Number(bits) / 8),
    digest,
  }));
}

/** The seed and the checkpoints of a `Monte` file. */
export function readMonte(name: string): MonteVector {
  const text = readResponseFile(name);
  return {
    seed: /Seed = (\w+)/.exec(text)?.[1] ?? "",
    checkpoints: Array.from(text.matchAll(/MD = (\w+)/g), ([, digest = ""]) => digest),
  };
}
