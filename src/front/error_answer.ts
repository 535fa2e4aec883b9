import { encodeUtf8, type ErrorCode, isTidegateError, type Json } from "../core/mod.ts";
import { type WireErrorCode, writeErrorBody } from "../distribution/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";

/** What the door says about one kind of failure. The text is fixed: it never names an upstream. */
export interface Refusal {
  readonly status: number;
  /** The spec's code, or one that distribution's registry uses where the spec has none. */
  readonly code: WireErrorCode;
  readonly message: string;
}

/** Names of the refusals. */
export type RefusalName =
  | "unauthorized"
  | "badCredentials"
  | "denied"
  | "badPath"
  | "badDigest"
  | "badQuery"
  | "badPagination"
  | "unknownEndpoint"
  | "unknownNamespace"
  | "unknownHost"
  | "unknownManifest"
  | "unknownBlob"
  | "unknownUpload"
  | "badUpload"
  | "badSize"
  | "badChunk"
  | "wrongDigest"
  | "invalidManifest"
  | "missingContent"
  | "wrongSize"
  | "badTag"
  | "tooManyTags"
  | "badCondition"
  | "conditionFailed"
  | "conflict"
  | "undeletable"
  | "notAcknowledged"
  | "requestTooLarge"
  | "requestBroken"
  | "requestTimeout"
  | "unknownName"
  | "unsupported"
  | "badRange"
  | "tooManyRequests"
  | "badContent"
  | "badManifest"
  | "tooLarge"
  | "badGateway"
  | "timeout"
  | "unavailable"
  | "noUpstream"
  | "broken"
  | "unknown";

/** Every refusal that the door makes. */
export const REFUSALS: Readonly<Record<RefusalName, Refusal>> = {
  unauthorized: { status: 401, code: "UNAUTHORIZED", message: "authentication required" },
  badCredentials: { status: 401, code: "UNAUTHORIZED", message: "incorrect username or password" },
  denied: {
    status: 403,
    code: "DENIED",
    message: "requested access to the resource is denied",
  },
  badPath: { status: 400, code: "NAME_INVALID", message: "the path is not spelled canonically" },
  badDigest: { status: 400, code: "DIGEST_INVALID", message: "the digest is not valid" },
  badQuery: { status: 400, code: "UNSUPPORTED", message: "the query is not valid" },
  badPagination: {
    status: 400,
    code: "PAGINATION_NUMBER_INVALID",
    message: "the page size is not valid",
  },
  unknownEndpoint: { status: 404, code: "UNSUPPORTED", message: "there is no such endpoint" },
  unknownNamespace: { status: 404, code: "NAME_UNKNOWN", message: "the namespace is not served" },
  unknownHost: { status: 421, code: "NAME_UNKNOWN", message: "this host is not served" },
  unknownManifest: {
    status: 404,
    code: "MANIFEST_UNKNOWN",
    message: "manifest unknown to the registry",
  },
  unknownBlob: { status: 404, code: "BLOB_UNKNOWN", message: "blob unknown to the registry" },
  unknownUpload: {
    status: 404,
    code: "BLOB_UPLOAD_UNKNOWN",
    message: "blob upload unknown to the registry",
  },
  badUpload: { status: 400, code: "BLOB_UPLOAD_INVALID", message: "blob upload invalid" },
  wrongDigest: {
    status: 400,
    code: "DIGEST_INVALID",
    message: "provided digest did not match uploaded content",
  },
  badSize: {
    status: 400,
    code: "SIZE_INVALID",
    message: "provided length did not match content length",
  },
  badChunk: {
    status: 416,
    code: "RANGE_INVALID",
    message: "the chunk does not start where the upload stands",
  },
  invalidManifest: { status: 400, code: "MANIFEST_INVALID", message: "manifest invalid" },
  missingContent: {
    status: 400,
    code: "MANIFEST_BLOB_UNKNOWN",
    message: "manifest references a manifest or blob unknown to the registry",
  },
  wrongSize: {
    status: 400,
    code: "SIZE_INVALID",
    message: "provided length did not match content length",
  },
  badTag: { status: 400, code: "TAG_INVALID", message: "the tag is not valid" },
  tooManyTags: { status: 414, code: "TAG_INVALID", message: "too many tags in one request" },
  badCondition: { status: 400, code: "UNSUPPORTED", message: "the condition is not valid" },
  conditionFailed: { status: 412, code: "DENIED", message: "the condition does not hold" },
  conflict: { status: 409, code: "DENIED", message: "what is there may not be changed so" },
  undeletable: { status: 400, code: "UNSUPPORTED", message: "this cannot be deleted" },
  notAcknowledged: {
    status: 502,
    code: "UNKNOWN",
    message: "the registry did not acknowledge the content that was sent",
  },
  requestTooLarge: { status: 413, code: "SIZE_INVALID", message: "the request is too large" },
  requestBroken: { status: 400, code: "SIZE_INVALID", message: "the request broke off" },
  requestTimeout: { status: 408, code: "SIZE_INVALID", message: "the request is too slow" },
  unknownName: {
    status: 404,
    code: "NAME_UNKNOWN",
    message: "repository name not known to the registry",
  },
  unsupported: { status: 405, code: "UNSUPPORTED", message: "the operation is unsupported" },
  badRange: {
    status: 416,
    code: "RANGE_INVALID",
    message: "the range does not overlap the content",
  },
  tooManyRequests: { status: 429, code: "TOOMANYREQUESTS", message: "too many requests" },
  badContent: {
    status: 502,
    code: "UNKNOWN",
    message: "the content failed verification and was withheld",
  },
  badManifest: {
    status: 502,
    code: "MANIFEST_INVALID",
    message: "the manifest is not one that clients agree on and was withheld",
  },
  tooLarge: { status: 502, code: "SIZE_INVALID", message: "the content is larger than allowed" },
  badGateway: { status: 502, code: "UNAVAILABLE", message: "the registry could not be reached" },
  timeout: { status: 504, code: "UNAVAILABLE", message: "the registry did not answer in time" },
  unavailable: { status: 503, code: "UNAVAILABLE", message: "the registry is unavailable" },
  noUpstream: {
    status: 503,
    code: "UNAVAILABLE",
    message: "no upstream is configured: see the documentation of tidegate's configuration",
  },
  broken: {
    status: 503,
    code: "UNAVAILABLE",
    message: "the configuration of this registry is not valid: its log says which key",
  },
  unknown: { status: 500, code: "UNKNOWN", message: "unknown error" },
};

/** What each failure on the way to an upstream looks like from outside. */
const BY_CODE: Readonly<Record<ErrorCode, RefusalName>> = {
  INVALID_IMAGE_REFERENCE: "badPath",
  INVALID_NAME: "badPath",
  INVALID_NAMESPACE: "badPath",
  INVALID_TAG: "badPath",
  INVALID_DIGEST: "badDigest",
  INVALID_PLATFORM: "badManifest",
  INVALID_MANIFEST: "badManifest",
  AMBIGUOUS_MANIFEST: "badManifest",
  INVALID_RESPONSE: "badGateway",
  INVALID_WEBHOOK: "badQuery",
  UNSUPPORTED: "badManifest",
  PLATFORM_NOT_FOUND: "unknownManifest",
  PULL_LIMIT_EXCEEDED: "tooManyRequests",
  RATE_LIMITED: "tooManyRequests",
  BLOB_SIZE_MISMATCH: "badContent",
  DIGEST_MISMATCH: "badContent",
  BLOB_UPLOAD_INVALID: "badGateway",
  MANIFEST_BLOB_UNKNOWN: "badGateway",
  CONFLICT: "badGateway",
  UPLOAD_FAILED: "badGateway",
  INVALID_CHUNK_RANGE: "badRange",
  RANGE_NOT_SATISFIABLE: "badRange",
  RESUME_FAILED: "badGateway",
  TOKEN_EXPIRED: "badGateway",
  TWO_FACTOR_REQUIRED: "badGateway",
  UNAUTHORIZED: "denied", // the upstream refused the door: for the caller there is nothing to log in to
  FORBIDDEN: "denied",
  NOT_FOUND: "unknownName",
  SERVER_ERROR: "badGateway",
  UNEXPECTED_RESPONSE: "badGateway",
  NETWORK_ERROR: "badGateway",
  NETWORK_TIMEOUT: "timeout",
  CIRCUIT_OPEN: "unavailable",
  LIMIT_EXCEEDED: "tooLarge",
  ORIGIN_NOT_TRUSTED: "badGateway",
  FOREIGN_LAYER: "badGateway",
  HASH_STATE_INVALID: "unknown",
  CACHE_NOT_FOUND: "unknown",
  CACHE_INVALID: "unknown",
  CACHE_CORRUPT: "unknown",
  CACHE_IO: "unknown",
  ARCHIVE_INVALID: "unknown",
  CREDENTIALS: "unavailable",
  CONFIGURATION: "unavailable",
};

/**
 * The one place that writes the spec's error document.
 *
 * @param detail Nothing but what the caller itself has said.
 */
export function refuse(
  name: RefusalName,
  headers: Readonly<Record<string, string>> = {},
  detail?: Json,
): Answer {
  const { status, code, message } = REFUSALS[name];
  return bytesAnswer(
    status,
    { ...headers, "content-type": "application/json" },
    encodeUtf8(writeErrorBody(code, message, detail)),
  );
}

/**
 * The answer for anything thrown on the way to an upstream. Its own message stays inside: it names
 * origins.
 *
 * @param notFound What "not found" means for what was asked.
 * @param now Milliseconds since the epoch, for `Retry-After`.
 */
export function refuseError(error: unknown, notFound: RefusalName, now: number): Answer {
  if (!isTidegateError(error)) return refuse("unknown");
  const resetAt = retryAt(error);
  const headers = resetAt === undefined
    ? undefined
    : { "retry-after": String(Math.max(1, Math.ceil((resetAt - now) / 1000))) };
  return refuse(error.code === "NOT_FOUND" ? notFound : BY_CODE[error.code], headers);
}

function retryAt(error: unknown): number | undefined {
  if (isTidegateError(error, "RATE_LIMITED")) return error.details.resetAt;
  if (isTidegateError(error, "PULL_LIMIT_EXCEEDED")) return error.details.resetAt;
  return isTidegateError(error, "CIRCUIT_OPEN") ? error.details.retryAt : undefined;
}
