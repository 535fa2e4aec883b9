/** A source of chance. Jitter takes `float`; nonces and keys take `bytes`. */
export interface Random {
  /** A number in [0, 1). Not for secrets. */
  float(): number;
  /** Cryptographically strong bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The runtime's randomness. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
