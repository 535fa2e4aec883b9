import type { RegistryRequest } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import { type CreatedBlob, readCreatedBlob } from "./start_upload.ts";
import type { Target } from "./target.ts";
import { bodyHeaders, chunkRange, sessionRequest } from "./upload_session.ts";

/** What ends an upload: nothing, the last piece or the whole blob. */
export interface FinishUploadOptions {
  readonly body?: RegistryRequest["body"] | undefined;
  /** Offset of the body, when others came before it. Without it no `Content-Range` is written. */
  readonly start?: number | undefined;
  /** Length of the body. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * End an upload: name the digest of the whole blob (end-6).
 *
 * @param location Of the last answer, permitted by the origin policy. Its query stays as it is: it
 * may be signed.
 * @throws {TidegateError} INVALID_NAME or INVALID_DIGEST.
 * @throws {TypeError} If the location is no absolute URL, or the start no offset.
 */
export function finishUploadRequest(
  target: Target,
  location: string,
  digest: Digest,
  { body, start, size, signal }: FinishUploadOptions = {},
): RegistryRequest {
  const range = start === undefined ? {} : chunkRange(start, size);
  const headers = { ...bodyHeaders(body, size), ...range };
  const url = withDigest(location, parseDigest(digest));
  return sessionRequest(target, url, { method: "PUT", headers, body, signal });
}

/**
 * Read the answer to {@linkcode finishUploadRequest}.
 * @throws {TidegateError} INVALID_RESPONSE for other statuses than 201 and 204, and for a malformed
 * digest.
 */
export function readUploadFinish(status: number, headers: Headers): CreatedBlob {
  if (status !== 201 && status !== 204) {
    throw invalidResponse("upload status", `${status}`, "must be 201");
  }
  return readCreatedBlob(headers);
}

/** Not by `searchParams`, which would write the rest of the query anew. */
function withDigest(location: string, digest: Digest): string {
  const separator = location.includes("?") ? "&" : "?";
  return `${location}${separator}digest=${encodeURIComponent(digest)}`;
}
