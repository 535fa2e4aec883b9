/** Digest algorithms that tidegate can verify. */
export type HashAlgorithm = "sha256" | "sha512";

/**
 * An incremental hash. Native ones may be asynchronous: await what `update` returns before the
 * chunk's buffer is used again.
 */
export interface Hasher {
  readonly algorithm: HashAlgorithm;
  /** Add bytes. The buffer may be reused once the returned promise, if any, has resolved. */
  update(chunk: Uint8Array): void | Promise<void>;
  /** The digest: 32 or 64 bytes. Ends the hash: no `update` after it. */
  digest(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** A copy of it as it is now, which goes on by itself. Only where the runtime can. */
  fork?(): Hasher;
  /** Give up an unfinished hash, so that native resources do not linger. Optional. */
  abort?(): void;
}

/** A hash whose progress can be saved and continued, in another process too. */
export interface SavableHasher extends Hasher {
  /** A versioned snapshot. The hash goes on afterwards. */
  exportState(): Uint8Array<ArrayBuffer>;
  /**
   * Replace the progress by a snapshot's.
   * @throws {TidegateError} HASH_STATE_INVALID: other version, algorithm or length.
   */
  importState(state: Uint8Array): void;
}

/** One that is always synchronous. */
export interface StatefulHasher extends SavableHasher {
  update(chunk: Uint8Array): void;
  digest(): Uint8Array<ArrayBuffer>;
}

/** Makes hashers; the port through which `verify` and `client` get them. */
export type HasherFactory = (algorithm: HashAlgorithm) => Hasher;

/** Makes hashers that can be saved; the port through which uploads that leave records get them. */
export type SavableHasherFactory = (algorithm: HashAlgorithm) => SavableHasher;
