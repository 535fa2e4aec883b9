import type { RegistryRequest } from "../core/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import type { Target } from "./target.ts";
import { readUploadSession, sessionRequest, type UploadSession } from "./upload_session.ts";

/**
 * Ask how much of an upload has arrived (end-13).
 *
 * @param location Of the last answer, permitted by the origin policy.
 * @throws {TidegateError} INVALID_NAME
 * @throws {TypeError} If the location is no absolute URL.
 */
export function uploadStatusRequest(
  target: Target,
  location: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): RegistryRequest {
  return sessionRequest(target, location, { method: "GET", signal });
}

/**
 * Read the answer to {@linkcode uploadStatusRequest}. Without a `Location` the upload goes on where
 * it was.
 *
 * @param requestUrl The URL that was asked, with its query.
 * @throws {TidegateError} INVALID_RESPONSE for other statuses than 204, 200 and 202, and for
 * malformed headers.
 */
export function readUploadStatus(
  status: number,
  headers: Headers,
  requestUrl: string,
): UploadSession {
  if (![200, 202, 204].includes(status)) {
    throw invalidResponse("upload status", `${status}`, "must be 204");
  }
  return readUploadSession(headers, requestUrl, requestUrl);
}

/**
 * Give up an upload, so that the registry need not keep what came of it (end-14). Some registries
 * want the right to delete for it, which is not asked for: then it lapses by itself.
 *
 * @param location Of the last answer, permitted by the origin policy.
 * @throws {TidegateError} INVALID_NAME
 * @throws {TypeError} If the location is no absolute URL.
 */
export function cancelUploadRequest(
  target: Target,
  location: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): RegistryRequest {
  return sessionRequest(target, location, { method: "DELETE", signal });
}
