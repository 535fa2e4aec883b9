import type { RegistryRequest } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import type { Target } from "./target.ts";
import {
  bodyHeaders,
  chunkRange,
  readUploadSession,
  sessionRequest,
  type UploadSession,
} from "./upload_session.ts";

/** A piece of a blob on its way. */
export interface UploadChunk {
  readonly body: NonNullable<RegistryRequest["body"]>;
  /** Offset of its first byte. */
  readonly start: number;
  /** Its length; without it no `Content-Range` is written, and the registry appends. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Send a piece of a blob (end-5).
 *
 * @param location Of the last answer, permitted by the origin policy.
 * @throws {TidegateError} INVALID_NAME
 * @throws {TypeError} If the location is no absolute URL, or the start no offset.
 */
export function uploadChunkRequest(
  target: Target,
  location: string,
  { body, start, size, signal }: UploadChunk,
): RegistryRequest {
  const headers = { ...bodyHeaders(body, size), ...chunkRange(start, size) };
  return sessionRequest(target, location, { method: "PATCH", headers, body, signal });
}

/**
 * Read the answer to {@linkcode uploadChunkRequest}. ECR answers 201, others 204. Without a
 * `Location` the upload goes on where it was.
 *
 * @param requestUrl The URL that was asked, with its query.
 * @throws {TidegateError} INVALID_RESPONSE for other statuses than 201, 202, 204 and for malformed
 * headers.
 */
export function readUploadChunk(
  status: number,
  headers: Headers,
  requestUrl: string,
): UploadSession {
  if (![201, 202, 204].includes(status)) {
    throw invalidResponse("chunk status", `${status}`, "must be 202");
  }
  return readUploadSession(headers, requestUrl, requestUrl);
}
