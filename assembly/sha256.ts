import { BLOCKS, K256, STATE } from "./memory";

// FIPS 180-4, 4.1.2. Ch needs one operation less as g ^ (e & (f ^ g)).
@inline function ch(e: u32, f: u32, g: u32): u32 { return g ^ (e & (f ^ g)); }
@inline function S0(a: u32): u32 { return rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22); }
@inline function S1(e: u32): u32 { return rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25); }

/** Four big-endian words. */
@inline function words(at: usize, offset: usize): v128 {
  const x = v128.load(at + offset);
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

@inline function sigma0(x: v128): v128 {
  const r7 = v128.xor(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
  const r18 = v128.xor(i32x4.shr_u(x, 18), i32x4.shl(x, 14));
  return v128.xor(v128.xor(r7, r18), i32x4.shr_u(x, 3));
}

/**
 * sigma1 in lanes 0 and 2 of a vector that holds every word twice (w, w, v, v): shifted as one number
 * of 64 bits, such a pair rotates. Lanes 1 and 3 come out as nothing of use.
 */
@inline function sigma1(x: v128): v128 {
  return v128.xor(v128.xor(i64x2.shr_u(x, 17), i64x2.shr_u(x, 19)), i32x4.shr_u(x, 10));
}

/**
 * Words t..t+3 from the sixteen before them (FIPS 180-4, 6.2.2 step 1). The last two need sigma1 of
 * the first two, so sigma1 is taken in halves.
 */
@inline function schedule(w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const sum = i32x4.add(
    i32x4.add(w0, sigma0(i32x4.shuffle(w0, w1, 1, 2, 3, 4))),
    i32x4.shuffle(w2, w3, 1, 2, 3, 4),
  );
  const low = sigma1(i32x4.shuffle(w3, w3, 2, 2, 3, 3));
  const first = i32x4.add(sum, i32x4.shuffle(low, low, 0, 2, 0, 2));
  const high = sigma1(i32x4.shuffle(first, first, 0, 0, 1, 1));
  const last = i32x4.add(sum, i32x4.shuffle(high, high, 0, 2, 0, 2));
  return i64x2.shuffle(first, last, 0, 3);
}

/**
 * Run the compression function over `count` blocks of 64 bytes at BLOCKS, from and to STATE.
 *
 * Four words are scheduled right before the four rounds that use them, so that the vector unit works
 * while the scalar units still finish the rounds before. Scheduled further ahead they are slower: V8
 * moves vector code to where it is first needed, which lumps it together at the end of the loop (12 %).
 * Eight rounds bring every variable to its place again, so they make the loop: one of sixteen is 4 %
 * faster, and makes the module half as large again.
 * Maj is b ^ ((a ^ b) & (b ^ c)), where b ^ c is the a ^ b of the round before.
 * JavaScriptCore needs nearly every register and keeps the order of the module: it is 10 % faster when
 * each round is finished before the next (tools/build_wasm.ts sees to that), and when the constants are
 * loaded together, so that k need not stay in a register.
 */
export function compress256(count: u32): void {
  let s0 = load32(0), s1 = load32(4), s2 = load32(8), s3 = load32(12);
  let s4 = load32(16), s5 = load32(20), s6 = load32(24), s7 = load32(28);
  let m: v128, x: u32;
  for (let at: usize = BLOCKS, end: usize = BLOCKS + (<usize>count << 6); at < end; at += 64) {
    let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7, y = b ^ c;
    let w0 = words(at, 0), w1 = words(at, 16), w2 = words(at, 32), w3 = words(at, 48);
    for (let k: usize = K256; k < K256 + 256; k += 32) {
      const k0 = v128.load(k, 0), k1 = v128.load(k, 16);
      if (k >= K256 + 64) w0 = schedule(w0, w1, w2, w3);
      m = i32x4.add(w0, k0);
      h = h + i32x4.extract_lane(m, 0) + ch(e, f, g) + S1(e); d += h; x = a ^ b; h += (b ^ (x & y)) + S0(a);
      g = g + i32x4.extract_lane(m, 1) + ch(d, e, f) + S1(d); c += g; y = h ^ a; g += (a ^ (y & x)) + S0(h);
      f = f + i32x4.extract_lane(m, 2) + ch(c, d, e) + S1(c); b += f; x = g ^ h; f += (h ^ (x & y)) + S0(g);
      e = e + i32x4.extract_lane(m, 3) + ch(b, c, d) + S1(b); a += e; y = f ^ g; e += (g ^ (y & x)) + S0(f);
      if (k >= K256 + 64) w1 = schedule(w1, w2, w3, w0);
      m = i32x4.add(w1, k1);
      d = d + i32x4.extract_lane(m, 0) + ch(a, b, c) + S1(a); h += d; x = e ^ f; d += (f ^ (x & y)) + S0(e);
      c = c + i32x4.extract_lane(m, 1) + ch(h, a, b) + S1(h); g += c; y = d ^ e; c += (e ^ (y & x)) + S0(d);
      b = b + i32x4.extract_lane(m, 2) + ch(g, h, a) + S1(g); f += b; x = c ^ d; b += (d ^ (x & y)) + S0(c);
      a = a + i32x4.extract_lane(m, 3) + ch(f, g, h) + S1(f); e += a; y = b ^ c; a += (c ^ (y & x)) + S0(b);
      const x0 = w0, x1 = w1;
      w0 = w2; w1 = w3; w2 = x0; w3 = x1;
    }
    s0 += a; s1 += b; s2 += c; s3 += d; s4 += e; s5 += f; s6 += g; s7 += h;
  }
  store32(0, s0); store32(4, s1); store32(8, s2); store32(12, s3);
  store32(16, s4); store32(20, s5); store32(24, s6); store32(28, s7);
}

@inline function load32(offset: usize): u32 { return load<u32>(STATE + offset); }
@inline function store32(offset: usize, value: u32): void { store<u32>(STATE + offset, value); }
