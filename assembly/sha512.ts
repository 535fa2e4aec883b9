import { BLOCKS, STATE } from "./memory";

/** The first 64 bits of the fractional parts of the cube roots of the first 80 primes (FIPS 180-4, 4.2.3). */
const K = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
  0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
  0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
  0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
  0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
  0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
  0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
  0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
  0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
], 16);

// FIPS 180-4, 4.1.3. Ch needs one operation less as g ^ (e & (f ^ g)).
@inline function ch(e: u64, f: u64, g: u64): u64 { return g ^ (e & (f ^ g)); }
@inline function S0(a: u64): u64 { return rotr(a, 28) ^ rotr(a, 34) ^ rotr(a, 39); }
@inline function S1(e: u64): u64 { return rotr(e, 14) ^ rotr(e, 18) ^ rotr(e, 41); }

/** Two big-endian words. */
@inline function words(at: usize, offset: usize): v128 {
  const x = v128.load(at + offset);
  return i8x16.shuffle(x, x, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

@inline function sigma0(x: v128): v128 {
  const r1 = v128.xor(i64x2.shr_u(x, 1), i64x2.shl(x, 63));
  const r8 = v128.xor(i64x2.shr_u(x, 8), i64x2.shl(x, 56));
  return v128.xor(v128.xor(r1, r8), i64x2.shr_u(x, 7));
}

@inline function sigma1(x: v128): v128 {
  const r19 = v128.xor(i64x2.shr_u(x, 19), i64x2.shl(x, 45));
  const r61 = v128.xor(i64x2.shr_u(x, 61), i64x2.shl(x, 3));
  return v128.xor(v128.xor(r19, r61), i64x2.shr_u(x, 6));
}

/** Words t and t+1 from those at t-16, t-14, t-8, t-6 and t-2 (FIPS 180-4, 6.4.2 step 1). */
@inline function schedule(w0: v128, w1: v128, w4: v128, w5: v128, w7: v128): v128 {
  const sum = i64x2.add(w0, sigma0(i64x2.shuffle(w0, w1, 1, 2)));
  return i64x2.add(sum, i64x2.add(i64x2.shuffle(w4, w5, 1, 2), sigma1(w7)));
}

/**
 * Run the compression function over `count` blocks of 128 bytes at BLOCKS, from and to STATE.
 * Built as {@linkcode compress256} is; here two words make a vector.
 */
export function compress512(count: u32): void {
  let s0 = load64(0), s1 = load64(8), s2 = load64(16), s3 = load64(24);
  let s4 = load64(32), s5 = load64(40), s6 = load64(48), s7 = load64(56);
  let m: v128, x: u64;
  for (let at: usize = BLOCKS, end: usize = BLOCKS + (<usize>count << 7); at < end; at += 128) {
    let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7, y = b ^ c;
    let w0 = words(at, 0), w1 = words(at, 16), w2 = words(at, 32), w3 = words(at, 48);
    let w4 = words(at, 64), w5 = words(at, 80), w6 = words(at, 96), w7 = words(at, 112);
    for (let k: usize = K; k < K + 640; k += 128) {
      if (k != K) w0 = schedule(w0, w1, w4, w5, w7);
      m = i64x2.add(w0, v128.load(k, 0));
      h = h + i64x2.extract_lane(m, 0) + ch(e, f, g) + S1(e); d += h; x = a ^ b; h += S0(a) + (b ^ (x & y));
      g = g + i64x2.extract_lane(m, 1) + ch(d, e, f) + S1(d); c += g; y = h ^ a; g += S0(h) + (a ^ (y & x));
      if (k != K) w1 = schedule(w1, w2, w5, w6, w0);
      m = i64x2.add(w1, v128.load(k, 16));
      f = f + i64x2.extract_lane(m, 0) + ch(c, d, e) + S1(c); b += f; x = g ^ h; f += S0(g) + (h ^ (x & y));
      e = e + i64x2.extract_lane(m, 1) + ch(b, c, d) + S1(b); a += e; y = f ^ g; e += S0(f) + (g ^ (y & x));
      if (k != K) w2 = schedule(w2, w3, w6, w7, w1);
      m = i64x2.add(w2, v128.load(k, 32));
      d = d + i64x2.extract_lane(m, 0) + ch(a, b, c) + S1(a); h += d; x = e ^ f; d += S0(e) + (f ^ (x & y));
      c = c + i64x2.extract_lane(m, 1) + ch(h, a, b) + S1(h); g += c; y = d ^ e; c += S0(d) + (e ^ (y & x));
      if (k != K) w3 = schedule(w3, w4, w7, w0, w2);
      m = i64x2.add(w3, v128.load(k, 48));
      b = b + i64x2.extract_lane(m, 0) + ch(g, h, a) + S1(g); f += b; x = c ^ d; b += S0(c) + (d ^ (x & y));
      a = a + i64x2.extract_lane(m, 1) + ch(f, g, h) + S1(f); e += a; y = b ^ c; a += S0(b) + (c ^ (y & x));
      if (k != K) w4 = schedule(w4, w5, w0, w1, w3);
      m = i64x2.add(w4, v128.load(k, 64));
      h = h + i64x2.extract_lane(m, 0) + ch(e, f, g) + S1(e); d += h; x = a ^ b; h += S0(a) + (b ^ (x & y));
      g = g + i64x2.extract_lane(m, 1) + ch(d, e, f) + S1(d); c += g; y = h ^ a; g += S0(h) + (a ^ (y & x));
      if (k != K) w5 = schedule(w5, w6, w1, w2, w4);
      m = i64x2.add(w5, v128.load(k, 80));
      f = f + i64x2.extract_lane(m, 0) + ch(c, d, e) + S1(c); b += f; x = g ^ h; f += S0(g) + (h ^ (x & y));
      e = e + i64x2.extract_lane(m, 1) + ch(b, c, d) + S1(b); a += e; y = f ^ g; e += S0(f) + (g ^ (y & x));
      if (k != K) w6 = schedule(w6, w7, w2, w3, w5);
      m = i64x2.add(w6, v128.load(k, 96));
      d = d + i64x2.extract_lane(m, 0) + ch(a, b, c) + S1(a); h += d; x = e ^ f; d += S0(e) + (f ^ (x & y));
      c = c + i64x2.extract_lane(m, 1) + ch(h, a, b) + S1(h); g += c; y = d ^ e; c += S0(d) + (e ^ (y & x));
      if (k != K) w7 = schedule(w7, w0, w3, w4, w6);
      m = i64x2.add(w7, v128.load(k, 112));
      b = b + i64x2.extract_lane(m, 0) + ch(g, h, a) + S1(g); f += b; x = c ^ d; b += S0(c) + (d ^ (x & y));
      a = a + i64x2.extract_lane(m, 1) + ch(f, g, h) + S1(f); e += a; y = b ^ c; a += S0(b) + (c ^ (y & x));
    }
    s0 += a; s1 += b; s2 += c; s3 += d; s4 += e; s5 += f; s6 += g; s7 += h;
  }
  store64(0, s0); store64(8, s1); store64(16, s2); store64(24, s3);
  store64(32, s4); store64(40, s5); store64(48, s6); store64(56, s7);
}

@inline function load64(offset: usize): u64 { return load<u64>(STATE + offset); }
@inline function store64(offset: usize, value: u64): void { store<u64>(STATE + offset, value); }
