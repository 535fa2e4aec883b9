import {
  isTidegateError,
  isTransient,
  parseRetryAfter,
  type RegistryRequest,
  type RegistryResponse,
} from "../core/mod.ts";

/** How often and how long a request is repeated. */
export interface RetrySettings {
  /** Most tries, the first included. 1 switches retrying off. */
  readonly attempts: number;
  /** Upper bound of the first wait in milliseconds; it doubles with each try. */
  readonly baseMs: number;
  /** Upper bound of any such wait in milliseconds. */
  readonly maximumMs: number;
  /** Longest `Retry-After` that is waited for, in milliseconds. A longer one ends the request. */
  readonly retryAfterMs: number;
}

/** What one try came to. */
export type Outcome = { readonly response: RegistryResponse } | { readonly error: unknown };

// 425 Too Early, 499 and 520-524, 530 come from Cloudflare and nginx in front of registries
const TRANSIENT_STATUS: readonly number[] = [
  408,
  425,
  429,
  499,
  500,
  502,
  503,
  504,
  520,
  521,
  522,
  523,
  524,
  530,
];

/**
 * How long to wait before the next try; `undefined` when this outcome is final.
 *
 * @param attempt The try that ended: 1 for the first.
 * @param now Milliseconds since the epoch.
 * @param chance A number in [0, 1): full jitter.
 */
export function planRetry(
  request: RegistryRequest,
  outcome: Outcome,
  attempt: number,
  settings: RetrySettings,
  now: number,
  chance: number,
): number | undefined {
  if (attempt >= settings.attempts || !isRepeatable(request, outcome)) return undefined;
  const jitter = chance * Math.min(settings.maximumMs, settings.baseMs * 2 ** (attempt - 1));
  const earliest = retryAfter(outcome, now);
  if (earliest === undefined) return jitter;
  if (earliest - now > settings.retryAfterMs) return undefined;
  return earliest - now + jitter; // never early, and not all at the same instant
}

/** Earliest next try that the answer itself asks for, or that of a token endpoint. */
export function retryAfter(outcome: Outcome, now: number): number | undefined {
  if ("error" in outcome) {
    const { error } = outcome;
    const resetAt = isTidegateError(error, "RATE_LIMITED") ? error.details.resetAt : undefined;
    return resetAt === undefined ? undefined : Math.max(resetAt, now);
  }
  return parseRetryAfter(outcome.response.headers.get("retry-after"), now);
}

function isRepeatable(request: RegistryRequest, outcome: Outcome): boolean {
  if (request.signal?.aborted || request.body instanceof ReadableStream) return false;
  if ("error" in outcome) return isTransientError(outcome.error) && isIdempotent(request);
  const { status } = outcome.response;
  // 429 is given before anything was done, so even a POST may be repeated
  return status === 429 || (TRANSIENT_STATUS.includes(status) && isIdempotent(request));
}

/**
 * RFC 9110 9.2.2, of the methods that registries use; but bytes of an upload are never sent again
 * before somebody has asked how many arrived, and one that is opened twice lapses by itself.
 */
function isIdempotent({ kind, method, body }: RegistryRequest): boolean {
  if (kind === "token") return true; // asked twice, it is two tokens
  if (kind === "upload" && method !== "PATCH") return body === undefined && method !== "PUT";
  return method !== "POST" && method !== "PATCH";
}

function isTransientError(error: unknown): boolean {
  if (isTidegateError(error, "NETWORK_TIMEOUT")) return error.details.phase === "headers";
  return isTransient(error) && !isTidegateError(error, "CIRCUIT_OPEN");
}
