import { CHAINS, K256, SCHEDULE, STATE } from "./lanes_memory";

// FIPS 180-4, 4.1.2, each operation on one word of all four hashes. There is no rotation of vectors.
@inline function add(x: v128, y: v128): v128 { return i32x4.add(x, y); }
@inline function xor(x: v128, y: v128): v128 { return v128.xor(x, y); }
@inline function shr(x: v128, n: i32): v128 { return i32x4.shr_u(x, n); }
@inline function shl(x: v128, n: i32): v128 { return i32x4.shl(x, n); }
@inline function rotr(x: v128, n: i32): v128 { return xor(shr(x, n), shl(x, 32 - n)); }
@inline function ch(e: v128, f: v128, g: v128): v128 { return v128.bitselect(f, g, e); }
@inline function S0(a: v128): v128 { return xor(xor(rotr(a, 2), rotr(a, 13)), rotr(a, 22)); }
@inline function S1(e: v128): v128 { return xor(xor(rotr(e, 6), rotr(e, 11)), rotr(e, 25)); }
@inline function sigma0(w: v128): v128 { return xor(xor(rotr(w, 7), rotr(w, 18)), shr(w, 3)); }
@inline function sigma1(w: v128): v128 { return xor(xor(rotr(w, 17), rotr(w, 19)), shr(w, 10)); }

/** Four big-endian words. */
@inline function words(at: usize): v128 {
  const x = v128.load(at);
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Four rows of four words become columns, `step` bytes apart. */
@inline function transpose(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to + step, i64x2.shuffle(ab, cd, 1, 3));
  const AB = i32x4.shuffle(a, b, 2, 6, 3, 7), CD = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to + 2 * step, i64x2.shuffle(AB, CD, 0, 2));
  v128.store(to + 3 * step, i64x2.shuffle(AB, CD, 1, 3));
}

/** Words 0..15 of the schedules, from the blocks at these places. */
@inline function loadBlocks(p: usize, q: usize, r: usize, s: usize): void {
  for (let i: usize = 0; i < 64; i += 16) {
    transpose(words(p + i), words(q + i), words(r + i), words(s + i), SCHEDULE + 4 * i, 16);
  }
}

@inline function loadStates(half: usize): void {
  const a = v128.load(STATE + half), b = v128.load(STATE + half, 32);
  const c = v128.load(STATE + half, 64), d = v128.load(STATE + half, 96);
  transpose(a, b, c, d, CHAINS + 4 * half, 16);
}

@inline function storeStates(half: usize): void {
  const a = chain(4 * half), b = chain(4 * half + 16), c = chain(4 * half + 32), d = chain(4 * half + 48);
  transpose(a, b, c, d, STATE + half, 32);
}

@inline function chain(offset: usize): v128 { return v128.load(CHAINS + offset); }
@inline function addChain(offset: usize, x: v128): void {
  v128.store(CHAINS + offset, add(chain(offset), x));
}

/** Word `t`, counted from that of the constant at `k`. */
@inline function word(k: usize, t: usize): v128 { return v128.load(k + 16 * t, SCHEDULE - K256); }

/** Word t+16 from the sixteen before it (FIPS 180-4, 6.2.2 step 1). */
@inline function schedule(k: usize, t: usize): void {
  const w = add(add(word(k, t), sigma0(word(k, t + 1))), add(word(k, t + 9), sigma1(word(k, t + 14))));
  v128.store(k + 16 * (t + 16), w, SCHEDULE - K256);
}

@inline function scheduleTwo(k: usize, t: usize): void { schedule(k, t); schedule(k, t + 1); }

/** A word with its constant. */
@inline function input(k: usize, t: usize): v128 { return add(word(k, t), v128.load(k + 16 * t)); }

/**
 * Run the compression function over `count` blocks of 64 bytes at each of four places, from and to the
 * four states. The lanes know nothing of each other: one that is not needed computes nonsense.
 *
 * Four blocks take as long as two by `compress256` in V8, so it pays from three lanes on. Shifts are what
 * there is too few of: their order matters little. Words are scheduled sixteen rounds ahead, two at a
 * time: eight at a time are 12 % slower. S1, which takes longest, is added last, to both its variables.
 * Maj is b ^ ((a ^ b) & (b ^ c)), where b ^ c is the a ^ b of the round before.
 */
export function compress256x4(count: u32, p: usize, q: usize, r: usize, s: usize): void {
  loadStates(0);
  loadStates(16);
  for (let at: usize = 0, end: usize = <usize>count << 6; at < end; at += 64) {
    let a = chain(0), b = chain(16), c = chain(32), d = chain(48);
    let e = chain(64), f = chain(80), g = chain(96), h = chain(112);
    let z: v128, x: v128, y = xor(b, c);
    loadBlocks(p + at, q + at, r + at, s + at);
    for (let k: usize = K256; k < K256 + 1024; k += 128) {
      if (k < K256 + 768) scheduleTwo(k, 0);
      h = add(add(h, input(k, 0)), ch(e, f, g)); z = S1(e); d = add(add(d, h), z);
      x = xor(a, b); h = add(add(h, z), add(xor(b, v128.and(x, y)), S0(a)));
      g = add(add(g, input(k, 1)), ch(d, e, f)); z = S1(d); c = add(add(c, g), z);
      y = xor(h, a); g = add(add(g, z), add(xor(a, v128.and(y, x)), S0(h)));
      if (k < K256 + 768) scheduleTwo(k, 2);
      f = add(add(f, input(k, 2)), ch(c, d, e)); z = S1(c); b = add(add(b, f), z);
      x = xor(g, h); f = add(add(f, z), add(xor(h, v128.and(x, y)), S0(g)));
      e = add(add(e, input(k, 3)), ch(b, c, d)); z = S1(b); a = add(add(a, e), z);
      y = xor(f, g); e = add(add(e, z), add(xor(g, v128.and(y, x)), S0(f)));
      if (k < K256 + 768) scheduleTwo(k, 4);
      d = add(add(d, input(k, 4)), ch(a, b, c)); z = S1(a); h = add(add(h, d), z);
      x = xor(e, f); d = add(add(d, z), add(xor(f, v128.and(x, y)), S0(e)));
      c = add(add(c, input(k, 5)), ch(h, a, b)); z = S1(h); g = add(add(g, c), z);
      y = xor(d, e); c = add(add(c, z), add(xor(e, v128.and(y, x)), S0(d)));
      if (k < K256 + 768) scheduleTwo(k, 6);
      b = add(add(b, input(k, 6)), ch(g, h, a)); z = S1(g); f = add(add(f, b), z);
      x = xor(c, d); b = add(add(b, z), add(xor(d, v128.and(x, y)), S0(c)));
      a = add(add(a, input(k, 7)), ch(f, g, h)); z = S1(f); e = add(add(e, a), z);
      y = xor(b, c); a = add(add(a, z), add(xor(c, v128.and(y, x)), S0(b)));
    }
    addChain(0, a); addChain(16, b); addChain(32, c); addChain(48, d);
    addChain(64, e); addChain(80, f); addChain(96, g); addChain(112, h);
  }
  storeStates(0);
  storeStates(16);
}
