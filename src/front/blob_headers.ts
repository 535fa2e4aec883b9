import { parseRange, type RangeSpec } from "../distribution/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { RangePolicy } from "../settings/mod.ts";

/** Headers of every successful answer about a blob, whole or in part. */
export function blobHeaders(
  digest: Digest,
  ranges: RangePolicy,
): Readonly<Record<string, string>> {
  return {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "etag": entityTag(digest),
    "accept-ranges": ranges === "off" ? "none" : "bytes",
  };
}

/**
 * The range that a GET asks for. Undefined for none, for one that is malformed or multiple (RFC 9110
 * 14.2 allows ignoring them), and where `If-Range` names something else than this blob.
 */
export function askedRange({ headers }: Request, digest: Digest): RangeSpec | undefined {
  const range = headers.get("range");
  const condition = headers.get("if-range");
  if (range === null || (condition !== null && condition !== entityTag(digest))) return undefined;
  return parseRange(range);
}

/** A blob never changes under its digest: a strong tag. */
function entityTag(digest: Digest): string {
  return `"${digest}"`;
}
