import { TidegateError } from "../core/mod.ts";

/** The error for an upload from a stream that the registry wants elsewhere. */
export function redirectedStream(): TidegateError<"UNSUPPORTED"> {
  const what = "redirected upload";
  const reason = "a stream cannot be sent again";
  return new TidegateError("UNSUPPORTED", `${what}: ${reason}`, { what, reason });
}
