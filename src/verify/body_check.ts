import { encodeUtf8, type Hasher, TidegateError, timingSafeEqual, tooLong } from "../core/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { type Digest, digestAlgorithm, formatDigest } from "../reference/mod.ts";
import type { Expectation } from "./verify_options.ts";

/** A running check of one body. */
export interface BodyCheck {
  /**
   * Count the bytes of a chunk, before anybody sees one of them.
   * @throws {TidegateError} BLOB_SIZE_MISMATCH as soon as there is one byte too many.
   * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`.
   */
  count(bytes: number): void;
  /** Hash a chunk. Its buffer is free once the returned promise, if any, has resolved. */
  hash(chunk: Uint8Array): void | Promise<void>;
  /**
   * The body has ended: is it the one?
   * @throws {TidegateError} BLOB_SIZE_MISMATCH when short; DIGEST_MISMATCH.
   */
  finish(): Promise<void>;
  /** Give up; nothing was verified. */
  abort(): void;
}

/** Start the check of a body against what it must be. */
export function createBodyCheck(expected: Expectation): BodyCheck {
  const { digest, size, hasher: factory = createHasher } = expected;
  const hasher = factory(digestAlgorithm(digest));
  let length = 0;
  return {
    count(bytes): void {
      length += bytes;
      assertNotLonger(length, expected);
    },
    hash: (chunk) => hasher.update(chunk),
    async finish(): Promise<void> {
      if (size !== undefined && length !== size) throw sizeMismatch(size, length);
      await assertDigest(hasher, digest);
    },
    abort: () => hasher.abort?.(),
  };
}

function assertNotLonger(length: number, { size, maximum }: Expectation): void {
  if (size !== undefined && length > size) throw sizeMismatch(size, length);
  if (maximum !== undefined && length > maximum) throw tooLong("body", maximum);
}

async function assertDigest(hasher: Hasher, expected: Digest): Promise<void> {
  const computed = formatDigest(hasher.algorithm, await hasher.digest());
  if (timingSafeEqual(encodeUtf8(computed), encodeUtf8(expected))) return;
  throw new TidegateError(
    "DIGEST_MISMATCH",
    `The body's digest is ${computed}, but ${expected} was asked for`,
    { expected, computed },
  );
}

function sizeMismatch(expected: number, actual: number): TidegateError<"BLOB_SIZE_MISMATCH"> {
  const how = actual > expected ? `longer than the ${expected}` : `${actual} of ${expected}`;
  return new TidegateError("BLOB_SIZE_MISMATCH", `The body is ${how} bytes`, { expected, actual });
}
