import type { Secret } from "./secret.ts";

/** One problem as a registry described it, cleaned of control characters. */
export interface RegistryDiagnostic {
  /** The spec's code (`MANIFEST_UNKNOWN`), or whatever the registry sent: unknown codes are kept. */
  readonly code: string;
  /** Human text, cut to 512 characters. Empty when there was none. */
  readonly message: string;
}

/** The parts of a failed exchange that an error may show. Never a credential, never a query string. */
export interface ResponseDetails {
  readonly status: number;
  readonly origin: string;
  readonly diagnostics: readonly RegistryDiagnostic[];
}

/** What an origin was about to be used for when the policy refused it. */
export type OriginUse = "realm" | "redirect" | "location" | "link" | "foreign-layer";

interface Invalid {
  /** The offending input, cut to 256 characters. */
  readonly input: string;
  /** The rule that it breaks. */
  readonly reason: string;
}

/**
 * Every error code with the shape of its `details`. The union is closed: a `switch` over `code`
 * can be exhaustive.
 */
export interface ErrorDetails {
  readonly INVALID_IMAGE_REFERENCE: Invalid;
  readonly INVALID_NAME: Invalid;
  readonly INVALID_NAMESPACE: Invalid;
  readonly INVALID_TAG: Invalid;
  readonly INVALID_DIGEST: Invalid;
  /** A platform that is not `os[/architecture[/variant]]`. */
  readonly INVALID_PLATFORM: Invalid;
  readonly INVALID_MANIFEST: Invalid;
  /** Two readers could understand the document differently (CVE-2021-41190). */
  readonly AMBIGUOUS_MANIFEST: Invalid;
  /** A header or a body that breaks its grammar: `WWW-Authenticate`, `Link`, `Content-Range`, a token answer. */
  readonly INVALID_RESPONSE: Invalid & { readonly what: string };
  /** A webhook that breaks its provider's shape: what is no JSON, or says not which image. */
  readonly INVALID_WEBHOOK: { readonly provider: string; readonly reason: string };
  readonly UNSUPPORTED: { readonly what: string; readonly reason: string };
  readonly PLATFORM_NOT_FOUND: {
    readonly requested: string;
    readonly available: readonly string[];
  };
  readonly PULL_LIMIT_EXCEEDED: {
    readonly resetAt: number | undefined;
    readonly isAuthenticated: boolean;
    readonly suggestion: string;
  };
  readonly RATE_LIMITED: ResponseDetails & { readonly resetAt: number | undefined };
  readonly BLOB_SIZE_MISMATCH: { readonly expected: number; readonly actual: number };
  readonly DIGEST_MISMATCH: { readonly expected: string; readonly computed: string };
  readonly BLOB_UPLOAD_INVALID: ResponseDetails;
  /** A manifest was refused: its repository lacks what it lists. `digests`: those the registry names. */
  readonly MANIFEST_BLOB_UNKNOWN: ResponseDetails & {
    readonly image: string;
    readonly digests: readonly string[];
  };
  /** Others kept changing the same thing, and no attempt held. */
  readonly CONFLICT: { readonly what: string; readonly attempts: number };
  readonly UPLOAD_FAILED: { readonly reason: string };
  readonly INVALID_CHUNK_RANGE: { readonly start: number; readonly end: number };
  readonly RANGE_NOT_SATISFIABLE: { readonly range: string; readonly size: number | undefined };
  /** A broken transfer could not be continued: wrong `Content-Range`, budget used up, no progress. */
  readonly RESUME_FAILED: { readonly offset: number; readonly reason: string };
  readonly TOKEN_EXPIRED: { readonly origin: string };
  /** The account has a second factor: log in once more, with `loginToken` and a code. */
  readonly TWO_FACTOR_REQUIRED: { readonly origin: string; readonly loginToken: Secret };
  readonly UNAUTHORIZED: ResponseDetails;
  readonly FORBIDDEN: ResponseDetails;
  readonly NOT_FOUND: ResponseDetails & { readonly image: string };
  readonly SERVER_ERROR: ResponseDetails;
  /** A status or a shape that the protocol does not allow here. */
  readonly UNEXPECTED_RESPONSE: ResponseDetails & { readonly reason: string };
  readonly NETWORK_ERROR: { readonly origin: string; readonly reason: string };
  readonly NETWORK_TIMEOUT: {
    readonly origin: string;
    readonly phase: "headers" | "body" | "total" | "queue";
    readonly milliseconds: number;
  };
  readonly CIRCUIT_OPEN: { readonly origin: string; readonly retryAt: number };
  readonly LIMIT_EXCEEDED: { readonly limit: string; readonly maximum: number };
  /** `allow` is the configuration line that would permit it. */
  readonly ORIGIN_NOT_TRUSTED: {
    readonly use: OriginUse;
    readonly origin: string;
    readonly target: string;
    readonly allow: string;
  };
  readonly FOREIGN_LAYER: { readonly digest: string; readonly reason: string };
  readonly HASH_STATE_INVALID: { readonly reason: string };
  /** A layout, an archive, or what was asked of it, is not there. `path`: the directory or file. */
  readonly CACHE_NOT_FOUND: { readonly path: string; readonly what: string };
  /** A directory that is no image layout, or one that leads out of itself. */
  readonly CACHE_INVALID: { readonly path: string; readonly reason: string };
  /** A blob in a layout or an archive is not what its digest says. `path` is its file. */
  readonly CACHE_CORRUPT: {
    readonly path: string;
    readonly digest: string;
    readonly reason: string;
  };
  /** The disk refused: full, read-only, no rights. `reason` is the system's code, such as ENOSPC. */
  readonly CACHE_IO: { readonly path: string; readonly reason: string };
  /** A file that is no archive of images, or one that could lead out of itself. */
  readonly ARCHIVE_INVALID: { readonly path: string; readonly reason: string };
  readonly CREDENTIALS: { readonly source: string; readonly reason: string };
  readonly CONFIGURATION: { readonly key: string; readonly reason: string };
}

/** The closed list of error codes. */
export type ErrorCode = keyof ErrorDetails;

/**
 * Everything that tidegate throws for reasons outside the program. Misuse by the caller is a
 * `TypeError`; an aborted operation rejects with its signal's `reason`.
 *
 * @example Act on the code
 * ```ts
 * import { isTidegateError } from "tidegate";
 * try {
 *   await registry.manifests.get(ref);
 * } catch (error) {
 *   if (isTidegateError(error, "PLATFORM_NOT_FOUND")) console.log(error.details.available);
 *   else throw error;
 * }
 * ```
 */
export class TidegateError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "TidegateError";
  /** What went wrong, one of {@linkcode ErrorCode}. */
  readonly code: Code;
  /** Facts about it, shaped by the code. Holds no secret. */
  readonly details: ErrorDetails[Code];

  /**
   * @param code One of {@linkcode ErrorCode}.
   * @param message Sentence case, no full stop; names the input and the rule.
   * @param details The code's facts.
   * @param options `cause`: the error that led to this one.
   */
  constructor(code: Code, message: string, details: ErrorDetails[Code], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** The error as plain data for logs: code, message, details; no stack, no cause. */
  toJSON(): { name: string; code: Code; message: string; details: ErrorDetails[Code] } {
    return { name: this.name, code: this.code, message: this.message, details: this.details };
  }
}

/** Any {@linkcode TidegateError}, discriminated on `code`. */
export type AnyTidegateError = { [Code in ErrorCode]: TidegateError<Code> }[ErrorCode];

/**
 * Tell a tidegate error from anything else, across realms and bundled copies.
 *
 * @param error Anything caught.
 * @param code With it, only that code is accepted and `details` narrows.
 */
export function isTidegateError<Code extends ErrorCode>(
  error: unknown,
  code: Code,
): error is TidegateError<Code>;
export function isTidegateError(error: unknown): error is AnyTidegateError;
export function isTidegateError(error: unknown, code?: ErrorCode): boolean {
  if (!(error instanceof Error) || error.name !== "TidegateError") return false;
  return code === undefined || (error as TidegateError).code === code;
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "RATE_LIMITED",
  "SERVER_ERROR",
  "NETWORK_ERROR",
  "NETWORK_TIMEOUT",
  "CIRCUIT_OPEN",
]);

/** Whether the same call may succeed later with no change by the caller. Used by retry, usable by callers. */
export function isTransient(error: unknown): boolean {
  return isTidegateError(error) && TRANSIENT.has(error.code);
}

/** Cut an input for use in a message: at most 256 characters, control and direction characters shown as `\u{…}`. */
export function excerpt(input: string, length = 256): string {
  const cut = input.length > length ? `${input.slice(0, length)}…` : input;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
}
