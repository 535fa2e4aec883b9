import {
  parseRetryAfter,
  type RegistryDiagnostic,
  type ResponseDetails,
  TidegateError,
} from "../core/mod.ts";
import { readErrorBody } from "./error_body.ts";

/** A failed exchange, as far as an error may tell of it. */
export interface ResponseFacts {
  readonly status: number;
  readonly headers: Headers;
  /** Who answered: scheme, host and port. */
  readonly origin: string;
  /** What was read of the body; absent when it was not. */
  readonly body?: Uint8Array | undefined;
  /** Milliseconds since the epoch, for a `Retry-After` in seconds. Without it only dates count. */
  readonly now?: number | undefined;
}

/**
 * The error for an answer that is no success: 401 UNAUTHORIZED, 403 FORBIDDEN, 404 NOT_FOUND,
 * 429 RATE_LIMITED, 500 and above SERVER_ERROR, anything else UNEXPECTED_RESPONSE.
 *
 * @param image What was asked for, as a user would write it.
 */
export function responseError(facts: ResponseFacts, image: string): TidegateError {
  const { status, headers, origin, body = new Uint8Array(0) } = facts;
  const diagnostics = readErrorBody(body, headers.get("content-type"));
  const details: ResponseDetails = { status, origin, diagnostics };
  const said = diagnostics[0] === undefined ? "" : `: ${formatDiagnostic(diagnostics[0])}`;
  switch (status) {
    case 401: {
      const message = `${origin} wants other credentials for ${image}${said}`;
      return new TidegateError("UNAUTHORIZED", message, details);
    }
    case 403:
      return new TidegateError("FORBIDDEN", `${origin} denies access to ${image}${said}`, details);
    case 404:
      return new TidegateError("NOT_FOUND", `${origin} has no ${image}${said}`, {
        ...details,
        image,
      });
    case 429:
      return new TidegateError("RATE_LIMITED", `${origin} limits the rate of requests${said}`, {
        ...details,
        resetAt: parseRetryAfter(headers.get("retry-after"), facts.now),
      });
  }
  const message = `${origin} answered ${status} for ${image}${said}`;
  if (status >= 500) return new TidegateError("SERVER_ERROR", message, details);
  const reason = `status ${status} is not expected here`;
  return new TidegateError("UNEXPECTED_RESPONSE", message, { ...details, reason });
}

function formatDiagnostic({ code, message }: RegistryDiagnostic): string {
  return [code, message].filter((part) => part !== "").join(" ").replace(/\.$/, "");
}
