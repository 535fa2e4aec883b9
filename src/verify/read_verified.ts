import { concatBytes } from "../core/mod.ts";
import type { ByteReader } from "./byte_reader.ts";
import { pumpVerified } from "./pump_verified.ts";
import type { VerifyOptions } from "./verify_options.ts";

/** {@linkcode VerifyOptions} with the cap that holding a body in memory needs. */
export interface ReadVerifiedOptions extends VerifyOptions {
  readonly maximum: number;
}

/**
 * Read a whole body into memory and verify it: manifests, configs, small blobs.
 *
 * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`, or at once when `size` is above it;
 * BLOB_SIZE_MISMATCH; DIGEST_MISMATCH; what the reader throws.
 * @throws {TypeError} If a size or a range is none.
 */
export async function readVerified(
  reader: ByteReader,
  options: ReadVerifiedOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  await pumpVerified(reader, {
    write: (chunk) => Promise.resolve(void parts.push(chunk.slice())),
    close: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  }, options);
  return concatBytes(parts);
}
