import { encodeHex, encodeUtf8 } from "../core/mod.ts";
import { digestBytes } from "../hash/mod.ts";
import { formatReference, parseReference } from "../reference/mod.ts";

const HASH_DIGITS = 12;
/** With the hash, within the 255 bytes that file systems take. */
const LONGEST_PREFIX = 200;

/**
 * The name of a file or directory for one image: what it is called, in characters that no path minds,
 * and a short hash, for `a/b_c` and `a_b/c` would be the same without it.
 * `registry.example.com/app:v1.0` is `registry.example.com_app_v1.0-…`.
 *
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE, or another code of `parseReference`.
 */
export async function imagePathName(reference: string): Promise<string> {
  const name = formatReference(parseReference(reference));
  const hash = encodeHex(await digestBytes("sha256", encodeUtf8(name))).slice(0, HASH_DIGITS);
  const prefix = name.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, LONGEST_PREFIX);
  return `${prefix}-${hash}`;
}
