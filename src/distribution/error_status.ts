/**
 * The status that goes with each error code. The first 14 codes are the spec's; the others are what
 * distribution's registry sends where the spec has none, and the statuses are that registry's,
 * except that a bad upload is 400 and not 404.
 *
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes | distribution-spec, Error codes}
 */
export const ERROR_STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  MANIFEST_UNVERIFIED: 400,
  PAGINATION_NUMBER_INVALID: 400,
  UNKNOWN: 500,
  UNAVAILABLE: 503,
} as const;

/** A code that an error document of ours may carry. */
export type WireErrorCode = keyof typeof ERROR_STATUS;
