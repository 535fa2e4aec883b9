import {
  decodeBase64Url,
  encodeBase64Url,
  type HashAlgorithm,
  type SavableHasher,
  type SavableHasherFactory,
  TidegateError,
} from "../core/mod.ts";
import { wasmHasher } from "../hash/mod.ts";
import {
  type Digest,
  isRepositoryName,
  parseDigest,
  type Reference,
  tryParseDigest,
} from "../reference/mod.ts";

/**
 * What another process needs to continue an upload: plain data, a few hundred bytes of JSON.
 *
 * It is a secret: the URL in it may be signed, and whoever has it may write to the upload. Keep it
 * as you keep a credential, and drop it when the upload has ended.
 */
export interface UploadRecord {
  readonly version: 1;
  /** As in a reference. */
  readonly registry: string;
  readonly repository: string;
  /** Where the upload goes on. */
  readonly location: string;
  /** Bytes that are hashed; the registry had as many or fewer. */
  readonly offset: number;
  readonly algorithm: HashAlgorithm;
  /** The hash of those bytes, base64url; or `rehash`, where they are to be read again. */
  readonly state: string;
  /** Of the whole blob, when it was known. */
  readonly digest?: string;
  /** Of the whole blob, when it was known. */
  readonly size?: number;
}

/** Stands for a hash; shorter than any, so that it is none. */
const REHASH = "rehash";

/** What a record says, checked. */
export interface UploadProgress {
  readonly target: Pick<Reference, "registry" | "repository">;
  readonly location: string;
  readonly offset: number;
  readonly algorithm: HashAlgorithm;
  readonly hasher: SavableHasher | undefined;
  readonly digest: Digest | undefined;
  readonly size: number | undefined;
}

/** One that has the hash of its bytes. */
export type HashedProgress = UploadProgress & { readonly hasher: SavableHasher };

/**
 * Write a record; reading it gives the same.
 * @param progress Its `state` is the hash up to `offset`, as `exportState` gives it, if it is kept.
 */
export function formatUploadRecord(
  progress: Omit<UploadProgress, "hasher"> & { readonly state: Uint8Array | undefined },
): UploadRecord {
  const { target: { registry, repository }, location, offset, algorithm, state } = progress;
  const { digest, size } = progress;
  return {
    version: 1,
    registry,
    repository,
    location,
    offset,
    algorithm,
    state: state === undefined ? REHASH : encodeBase64Url(state),
    ...(digest === undefined ? {} : { digest }),
    ...(size === undefined ? {} : { size }),
  };
}

/**
 * Read a record.
 *
 * @param expected The repository that it must be of, if that is known.
 * @param createHasher Makes what goes on with its hash.
 * @throws {TidegateError} UPLOAD_FAILED when malformed, of another version, or of another
 * repository; HASH_STATE_INVALID when its hash is none.
 */
export function parseUploadRecord(
  record: unknown,
  expected?: Pick<Reference, "registry" | "repository">,
  createHasher: SavableHasherFactory = wasmHasher,
): UploadProgress {
  const fields = (record ?? {}) as { readonly [Key in keyof UploadRecord]?: unknown };
  if (fields.version !== 1) throw refused("is not of version 1");
  const { registry, repository, location, offset, algorithm, digest, size } = fields;
  if (!isText(registry) || !isText(repository) || !isRepositoryName(repository)) {
    throw refused("names no repository");
  }
  if (expected && (expected.registry !== registry || expected.repository !== repository)) {
    throw refused("is of another repository");
  }
  if (!isText(location) || !/^https?:/.test(location) || !URL.canParse(location)) {
    throw refused("has no location");
  }
  if (!isCount(offset)) throw refused("has no offset");
  if (algorithm !== "sha256" && algorithm !== "sha512") throw refused("has no known algorithm");
  if (size !== undefined && (!isCount(size) || size < offset)) throw refused("has no proper size");
  const named = readDigest(digest, algorithm);
  const target = { registry, repository };
  const hasher = readState(fields.state, () => createHasher(algorithm));
  return { target, location, offset, algorithm, hasher, digest: named, size };
}

function readDigest(digest: unknown, algorithm: HashAlgorithm): Digest | undefined {
  if (digest === undefined) return undefined;
  const isOne = isText(digest) && tryParseDigest(digest) !== undefined;
  if (!isOne || !digest.startsWith(algorithm)) throw refused("has no proper digest");
  return parseDigest(digest);
}

function readState(
  state: unknown,
  createHasher: () => SavableHasher,
): SavableHasher | undefined {
  if (state === REHASH) return undefined;
  if (!isText(state)) throw refused("has no hash");
  const hasher = createHasher();
  try {
    hasher.importState(decodeBase64Url(state));
  } catch (cause) {
    const reason = "the record's hash cannot be read";
    throw new TidegateError("HASH_STATE_INVALID", `Upload: ${reason}`, { reason }, { cause });
  }
  return hasher;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 32 * 1024;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Nothing of the record is shown: its location is a secret. */
function refused(what: string): TidegateError<"UPLOAD_FAILED"> {
  const reason = `the record ${what}`;
  return new TidegateError("UPLOAD_FAILED", `The upload cannot be continued: ${reason}`, {
    reason,
  });
}
