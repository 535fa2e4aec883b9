import { type ErrorCode, isTidegateError } from "../core/mod.ts";
import { InterruptedError } from "./interrupted_error.ts";
import { UsageError } from "./usage_error.ts";

/** What the process ends with. Scripts may rely on these numbers. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  verification: 5,
  rateLimited: 6,
  network: 7,
  storage: 8,
  interrupted: 130,
} as const;

/** What each exit code means, for the help and the documents. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, "done"],
  [EXIT.failed, "failed, for a reason that has no code of its own"],
  [EXIT.usage, "the command line, a reference or a configuration is not understood"],
  [EXIT.notFound, "the image, tag, blob or platform is not there"],
  [EXIT.denied, "not logged in, or without the right to do that"],
  [EXIT.verification, "bytes had not the size or digest that was asked for"],
  [EXIT.rateLimited, "too many requests or pulls"],
  [EXIT.network, "the registry cannot be reached, is too slow or fails"],
  [EXIT.storage, "the cache, a file or the disk cannot be used"],
  [EXIT.interrupted, "interrupted; run the same command again to continue"],
];

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  INVALID_IMAGE_REFERENCE: EXIT.usage,
  INVALID_NAME: EXIT.usage,
  INVALID_NAMESPACE: EXIT.usage,
  INVALID_TAG: EXIT.usage,
  INVALID_DIGEST: EXIT.usage,
  INVALID_PLATFORM: EXIT.usage,
  CONFIGURATION: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  PLATFORM_NOT_FOUND: EXIT.notFound,
  CACHE_NOT_FOUND: EXIT.notFound,
  UNAUTHORIZED: EXIT.denied,
  FORBIDDEN: EXIT.denied,
  CREDENTIALS: EXIT.denied,
  TOKEN_EXPIRED: EXIT.denied,
  TWO_FACTOR_REQUIRED: EXIT.denied,
  ORIGIN_NOT_TRUSTED: EXIT.denied,
  DIGEST_MISMATCH: EXIT.verification,
  BLOB_SIZE_MISMATCH: EXIT.verification,
  CACHE_CORRUPT: EXIT.verification,
  CACHE_INVALID: EXIT.storage,
  CACHE_IO: EXIT.storage,
  ARCHIVE_INVALID: EXIT.storage,
  PULL_LIMIT_EXCEEDED: EXIT.rateLimited,
  RATE_LIMITED: EXIT.rateLimited,
  NETWORK_ERROR: EXIT.network,
  NETWORK_TIMEOUT: EXIT.network,
  CIRCUIT_OPEN: EXIT.network,
  SERVER_ERROR: EXIT.network,
  RESUME_FAILED: EXIT.network,
};

/** System errors that mean the disk, a file or the cache. */
const STORAGE: ReadonlySet<unknown> = new Set([
  ...["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EIO", "ENOENT", "ENOTDIR", "EISDIR"],
  ...["EMFILE", "ENFILE", "EEXIST", "EFBIG", "ENAMETOOLONG", "ELOOP", "EXDEV", "EBUSY"],
]);

/** The code that an error ends the process with. */
export function exitCodeOf(error: unknown, signal?: AbortSignal): number {
  if (signal?.aborted || error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof UsageError) return EXIT.usage;
  if (isTidegateError(error)) return BY_CODE[error.code] ?? codeOfCause(error) ?? EXIT.failed;
  return codeOfCause({ cause: error }) ?? EXIT.failed;
}

/** Whether an error is the system's about a file. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && STORAGE.has((error as { code?: unknown }).code);
}

function codeOfCause(error: { readonly cause?: unknown }): number | undefined {
  for (let cause = error.cause, i = 0; cause instanceof Error && i < 8; cause = cause.cause, i++) {
    const code = isTidegateError(cause) ? BY_CODE[cause.code] : undefined;
    if (code !== undefined) return code;
    if (isSystemError(cause)) return EXIT.storage;
  }
  return undefined;
}
