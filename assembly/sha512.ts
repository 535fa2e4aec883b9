import { BLOCKS, K512, SCHEDULE, STATE } from "./memory";

// FIPS 180-4, 4.1.3. Ch needs one operation less as g ^ (e & (f ^ g)).
@inline function ch(e: u64, f: u64, g: u64): u64 { return g ^ (e & (f ^ g)); }
@inline function maj(a: u64, b: u64, c: u64): u64 { return (a & b) | (c & (a | b)); }
@inline function S0(a: u64): u64 { return rotr(a, 28) ^ rotr(a, 34) ^ rotr(a, 39); }
@inline function S1(e: u64): u64 { return rotr(e, 14) ^ rotr(e, 18) ^ rotr(e, 41); }
@inline function s0(w: u64): u64 { return rotr(w, 1) ^ rotr(w, 8) ^ (w >> 7); }
@inline function s1(w: u64): u64 { return rotr(w, 19) ^ rotr(w, 61) ^ (w >> 6); }

/**
 * Run the compression function over `count` blocks of 128 bytes at BLOCKS, from and to STATE.
 *
 * Written for size, one round after another: few registries use SHA-512, and every bundle carries it.
 */
export function compress512(count: u32): void {
  for (let at: usize = BLOCKS, end: usize = BLOCKS + (<usize>count << 7); at < end; at += 128) {
    let a = word(STATE, 0), b = word(STATE, 8), c = word(STATE, 16), d = word(STATE, 24);
    let e = word(STATE, 32), f = word(STATE, 40), g = word(STATE, 48), h = word(STATE, 56);
    for (let t: usize = 0; t < 640; t += 8) {
      const w = t < 128 ? bswap(word(at + t, 0)) : schedule(SCHEDULE - 128 + t);
      store<u64>(SCHEDULE + t, w);
      const t1 = h + S1(e) + ch(e, f, g) + word(K512 + t, 0) + w;
      const t2 = S0(a) + maj(a, b, c);
      h = g; g = f; f = e; e = d + t1;
      d = c; c = b; b = a; a = t1 + t2;
    }
    add(0, a); add(8, b); add(16, c); add(24, d);
    add(32, e); add(40, f); add(48, g); add(56, h);
  }
}

/** The next word from those at t-16, t-15, t-7 and t-2 (FIPS 180-4, 6.4.2 step 1); `at` is t-16. */
@inline function schedule(at: usize): u64 {
  return word(at, 0) + s0(word(at, 8)) + word(at, 72) + s1(word(at, 112));
}

@inline function word(at: usize, offset: usize): u64 { return load<u64>(at + offset); }
@inline function add(offset: usize, value: u64): void {
  store<u64>(STATE + offset, load<u64>(STATE + offset) + value);
}
