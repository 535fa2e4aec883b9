import { excerpt, TidegateError } from "../core/mod.ts";

/** The error for a part of an answer (`Content-Range`) that breaks the rule in `reason`. */
export function invalidResponse(
  what: string,
  input: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError {
  const shown = excerpt(input);
  const details = { what, input: shown, reason };
  const message = `${what} "${shown}" ${reason}`;
  return new TidegateError("INVALID_RESPONSE", message, details, options);
}
