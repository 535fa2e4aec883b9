/**
 * What `test/unit/hash/std_crypto.test.ts` runs under Deno, with the stub linked as `@std/crypto`.
 *
 * In: nothing. Out: status 0 and `ok`, or an error. Next: nothing.
 * @module
 */
import { encodeHex } from "../../src/core/mod.ts";
import { digestBytes } from "../../src/hash/mod.ts";
import { stdHasher, timingSafeEqual } from "../../src/hash/std_crypto.ts";

function assert(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const message = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 31) ^ (i >>> 7));

for (const algorithm of ["sha256", "sha512"] as const) {
  const hasher = stdHasher(algorithm);
  const buffer = new Uint8Array(777);
  for (let at = 0; at < message.length; at += buffer.length) {
    const piece = message.subarray(at, at + buffer.length);
    buffer.set(piece);
    await hasher.update(buffer.subarray(0, piece.length));
    buffer.fill(0xee); // the buffer is free once update() has resolved
  }
  const wanted = encodeHex(await digestBytes(algorithm, message));
  assert(encodeHex(await hasher.digest()) === wanted, `${algorithm} in pieces`);

  const empty = encodeHex(await digestBytes(algorithm, new Uint8Array(0)));
  assert(encodeHex(await stdHasher(algorithm).digest()) === empty, `${algorithm} of nothing`);

  const queued = stdHasher(algorithm);
  const waits = [queued.update(message.slice(0, 5)), queued.update(message.slice(5))];
  assert(encodeHex(await queued.digest()) === wanted, `${algorithm} not awaited`);
  await Promise.all(waits);

  const aborted = stdHasher(algorithm);
  await aborted.update(message);
  aborted.abort?.();
  const refused = await Promise.resolve(aborted.digest()).then(() => false, () => true);
  assert(refused, `${algorithm} has no digest after abort()`);
}

const broken = stdHasher("sha256");
const failed = await Promise.resolve(broken.update("text" as unknown as Uint8Array))
  .then(() => false, () => true);
assert(failed, "update() rejects when the digest fails");

assert(timingSafeEqual(new Uint8Array([1, 2]), new Uint8Array([1, 2])), "equal");
assert(!timingSafeEqual(new Uint8Array([1, 2]), new Uint8Array([1, 3])), "one byte differs");
assert(!timingSafeEqual(new Uint8Array([1, 2]), new Uint8Array([1])), "lengths differ");
console.log("ok");
