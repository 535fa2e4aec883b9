/** A number in [0, 1) at each call, the same sequence for the same seed. */
export type SeededRandom = () => number;

/** A small deterministic generator (Weyl sequence through a bit mixer). Not for secrets. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Hex digits from a seeded generator: tokens and signatures that are equal in every run. */
export function randomHex(random: SeededRandom, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}
