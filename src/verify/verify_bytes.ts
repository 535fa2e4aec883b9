import { createBodyCheck } from "./body_check.ts";
import { assertVerifyOptions, type Expectation } from "./verify_options.ts";

/**
 * Check bytes that are all there.
 *
 * @throws {TidegateError} BLOB_SIZE_MISMATCH; DIGEST_MISMATCH; LIMIT_EXCEEDED past `maximum`.
 * @throws {TypeError} If a size is no byte count.
 */
export async function verifyBytes(bytes: Uint8Array, expected: Expectation): Promise<void> {
  assertVerifyOptions(expected);
  const check = createBodyCheck(expected);
  try {
    check.count(bytes.length);
    if (bytes.length > 0) await check.hash(bytes);
    await check.finish();
  } catch (error) {
    check.abort();
    throw error;
  }
}
