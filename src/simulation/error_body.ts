import { jsonReply } from "./reply.ts";
import type { HeaderList, Reply } from "./reply.ts";

/** Error codes of the distribution spec ("Error Codes"), with those that distribution adds, and the status that distribution gives them. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 404,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  TAG_INVALID: 400,
  PAGINATION_NUMBER_INVALID: 400,
  RANGE_INVALID: 416,
  REQUESTED_RANGE_NOT_SATISFIABLE: 416, // GHCR alone
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
} as const;

/** An error code that the simulated registry uses. */
export type SpecCode = keyof typeof STATUS;

/** A failure as the spec writes it: `{"errors":[{code, message, detail}]}`. */
export function errorReply(
  code: SpecCode,
  message: string,
  options: { detail?: unknown; headers?: HeaderList; status?: number } = {},
): Reply {
  const detail = options.detail === undefined ? {} : { detail: options.detail };
  return jsonReply(
    options.status ?? STATUS[code],
    { errors: [{ code, message, ...detail }] },
    options.headers,
  );
}
