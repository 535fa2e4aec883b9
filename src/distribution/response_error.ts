import {
  type ErrorCode,
  type ErrorDetails,
  parseRetryAfter,
  type RegistryDiagnostic,
  type ResponseDetails,
  type Scrub,
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
  /** Takes out what was sent in confidence. Default is nothing. */
  readonly scrub?: Scrub | undefined;
}

/**
 * The error for an answer that is no success: 401 UNAUTHORIZED, 403 FORBIDDEN, 404 NOT_FOUND,
 * 429 RATE_LIMITED, 500 and above SERVER_ERROR, anything else UNEXPECTED_RESPONSE.
 *
 * @param image What was asked for, as a user would write it.
 */
export function responseError(facts: ResponseFacts, image: string): TidegateError {
  const { status, headers, origin, body = new Uint8Array(0), scrub } = facts;
  const diagnostics = readErrorBody(body, headers.get("content-type"), scrub);
  const details: ResponseDetails = { status, origin, diagnostics };
  const said = diagnostics[0] === undefined ? "" : `: ${formatDiagnostic(diagnostics[0])}`;
  const failed = <Code extends ErrorCode>(
    code: Code,
    what: string,
    more: ErrorDetails[Code],
  ): TidegateError => new TidegateError(code, `${origin} ${what}${said}`, more);
  switch (status) {
    case 401:
      return failed("UNAUTHORIZED", `wants other credentials for ${image}`, details);
    case 403:
      return failed("FORBIDDEN", `denies access to ${image}`, details);
    case 404:
      return failed("NOT_FOUND", `has no ${image}`, { ...details, image });
    case 429: {
      const resetAt = parseRetryAfter(headers.get("retry-after"), facts.now);
      return failed("RATE_LIMITED", "limits the rate of requests", { ...details, resetAt });
    }
  }
  const reason = `answered ${status} for ${image}`;
  if (status >= 500) return failed("SERVER_ERROR", reason, details);
  return failed("UNEXPECTED_RESPONSE", reason, { ...details, reason });
}

function formatDiagnostic({ code, message }: RegistryDiagnostic): string {
  return [code, message].filter((part) => part !== "").join(" ").replace(/\.$/, "");
}
