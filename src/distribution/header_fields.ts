import { isTidegateError, MAX_HEADER_BYTES } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { invalidResponse } from "./invalid_response.ts";

/** A whole number below 2^53 in digits alone, or undefined. */
export function parseCount(text: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(text)) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) ? count : undefined;
}

/**
 * Length of the content that follows, or undefined when nobody says or when it is the length of an
 * encoding of it.
 *
 * Several values are refused even when equal: what a header repeats, two readers may read apart.
 *
 * @throws {TidegateError} INVALID_RESPONSE unless it is one number below 2^53.
 */
export function readContentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  if (text === null) return undefined;
  const length = parseCount(text);
  if (length === undefined) {
    throw invalidResponse("content-length", text, "must be one whole number");
  }
  return contentEncoding(headers) === undefined ? length : undefined;
}

/** `Content-Encoding`, or undefined for none and for `identity`, which is none. */
export function contentEncoding(headers: Headers): string | undefined {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase();
  return encoding === "" || encoding === "identity" ? undefined : encoding;
}

/**
 * `Docker-Content-Digest`: what the registry says the digest is. To be checked, never believed.
 * Undefined when absent and when of an algorithm that cannot be verified.
 *
 * @throws {TidegateError} INVALID_RESPONSE when malformed, upper-case or given twice.
 */
export function readDigestHeader(headers: Headers): Digest | undefined {
  const text = headers.get("docker-content-digest");
  if (text === null) return undefined;
  try {
    return parseDigest(text);
  } catch (cause) {
    if (isTidegateError(cause, "UNSUPPORTED")) return undefined;
    throw invalidResponse("Docker-Content-Digest", text, "must be one digest", { cause });
  }
}

/**
 * A header's value, refused unread when longer than 64 KiB.
 * @throws {TidegateError} INVALID_RESPONSE when it is.
 */
export function refuseLong(name: string, text: string): string {
  if (text.length <= MAX_HEADER_BYTES) return text;
  throw invalidResponse(name, text, `is longer than ${MAX_HEADER_BYTES} bytes`);
}
