/**
 * The first 64 bits of the fractional part of a prime's root: what the constants of SHA-2 are
 * (FIPS 180-4, 4.2.2, 4.2.3, 5.3.3, 5.3.5). Those of SHA-256 are the first 32 bits of them.
 *
 * @param prime Below 2^12.
 * @param degree 2 for the square root, 3 for the cube root.
 */
export function rootFraction(prime: number, degree: bigint): bigint {
  const power = BigInt(prime) << (64n * degree);
  let root = 0n;
  for (let bit = 1n << 69n; bit > 0n; bit >>= 1n) {
    if ((root | bit) ** degree <= power) root |= bit;
  }
  return BigInt.asUintN(64, root);
}

/** The first primes, in order. */
export function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime > 0)) primes.push(n);
  }
  return primes;
}
