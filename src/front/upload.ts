import type { Sealer } from "../auth/mod.ts";
import {
  decodeBase64Url,
  decodeUtf8,
  encodeBase64Url,
  encodeUtf8,
  type HashAlgorithm,
  isTidegateError,
  type StatefulHasher,
  TidegateError,
} from "../core/mod.ts";
import { wasmHasher } from "../hash/mod.ts";

/** An upload in progress: what its address carries, sealed, from one request to the next. */
export interface Upload {
  /** Random, the same in all addresses of one upload: the key of its checkpoints. Base64url. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Where it goes on at the upstream. To be judged anew at each use. */
  location: string;
  /** Bytes that the upstream has. */
  offset: number;
  algorithm: HashAlgorithm;
  /** The hash over these bytes; undefined when the door has not seen them all pass. */
  hash: StatefulHasher | undefined;
  /** The upstream's `OCI-Chunk-Min-Length`. */
  minChunkBytes: number | undefined;
  /**
   * Whether the upstream was asked, perhaps after something broke, and said `0-0`: that is nothing, or one
   * byte. What comes next has to say where it begins.
   */
  mayHaveOne?: boolean | undefined;
}

/** Longest sealed upload: with the longest name its path stays under 8 KiB. */
const MAX_SEALED_LENGTH = 7_000;
const VERSION = 1;

interface Sealed {
  readonly v: number;
  readonly id: string;
  readonly exp: number;
  readonly url: string;
  readonly at: number;
  readonly alg: HashAlgorithm;
  readonly state?: string | undefined;
  readonly min?: number | undefined;
  readonly one?: true | undefined;
}

/**
 * Write an upload into the last part of its address.
 *
 * @param owner Who may go on with it, and where: it opens for no other.
 * @throws {TidegateError} INVALID_RESPONSE when the upstream's address is too long to be carried.
 */
export async function sealUpload(sealer: Sealer, owner: string, upload: Upload): Promise<string> {
  const { id, expiresAt, location, offset, algorithm, hash, minChunkBytes, mayHaveOne } = upload;
  const state = hash && encodeBase64Url(hash.exportState());
  const sealed: Sealed = {
    ...{ v: VERSION, id, exp: expiresAt, url: location, at: offset, alg: algorithm },
    ...{ state, min: minChunkBytes, one: offset === 0 && mayHaveOne || undefined },
  };
  const text = encodeBase64Url(await sealer.seal(owner, encodeUtf8(JSON.stringify(sealed))));
  if (text.length <= MAX_SEALED_LENGTH) return text;
  const reason = "is too long to be carried in another";
  throw new TidegateError("INVALID_RESPONSE", `The Location of an upload ${reason}`, {
    what: "Location",
    input: "",
    reason,
  });
}

/**
 * Read what {@linkcode sealUpload} wrote.
 *
 * @param now Milliseconds since the epoch.
 * @returns Undefined for anything else: forged, expired, another owner's, another version's.
 */
export async function openUpload(
  sealer: Sealer,
  owner: string,
  text: string,
  now: number,
): Promise<Upload | undefined> {
  const bytes = tryDecode(text);
  const opened = bytes && await sealer.open(owner, bytes);
  if (opened === undefined) return undefined;
  const sealed = JSON.parse(decodeUtf8(opened)) as Sealed; // nobody but a door of ours wrote it
  if (sealed.v !== VERSION || sealed.exp <= now) return undefined;
  const hash = sealed.state === undefined
    ? undefined
    : restoreHash(sealed.alg, decodeBase64Url(sealed.state));
  if (sealed.state !== undefined && hash === undefined) return undefined;
  return {
    ...{ id: sealed.id, expiresAt: sealed.exp, location: sealed.url, offset: sealed.at },
    ...{ algorithm: sealed.alg, hash, minChunkBytes: sealed.min, mayHaveOne: sealed.one },
  };
}

/** A hash that goes on from a saved state; undefined when the state is not one of its own. */
export function restoreHash(
  algorithm: HashAlgorithm,
  state: Uint8Array,
): StatefulHasher | undefined {
  const hash = wasmHasher(algorithm);
  try {
    hash.importState(state);
  } catch (error) {
    if (isTidegateError(error, "HASH_STATE_INVALID")) return undefined;
    throw error;
  }
  return hash;
}

function tryDecode(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return decodeBase64Url(text);
  } catch {
    return undefined;
  }
}
