import { TidegateError } from "../core/mod.ts";

/**
 * The error for something that a server sent and that breaks its grammar.
 *
 * @param what Which header, field or body.
 * @param reason The rule that it breaks, as the rest of a sentence that starts with `what`.
 * @param input What may be shown of it. Default is nothing.
 */
export function invalidResponse(
  what: string,
  reason: string,
  input = "",
  options?: ErrorOptions,
): TidegateError<"INVALID_RESPONSE"> {
  const message = `The ${what} ${input && `"${input}" `}${reason}`;
  return new TidegateError("INVALID_RESPONSE", message, { what, input, reason }, options);
}
