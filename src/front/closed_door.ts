import { isTidegateError } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { createApp } from "./app.ts";
import { refuse } from "./error_answer.ts";
import type { FrontDoor } from "./options.ts";
import { respond } from "./respond.ts";

/**
 * A door whose configuration does not hold: every request of the registry API is answered 503 with a
 * fixed text. Which key it is goes to the log, not to callers.
 */
export function createClosedDoor(): FrontDoor {
  const app = createApp(
    (request) => Promise.resolve(respond(refuse("broken"), request, [])),
    (answer, request) => respond(answer, request, []),
  );
  return { fetch: async (request) => await app.fetch(request) };
}

/** Tell the operator which key or secret keeps the door closed. */
export function reportConfiguration(observer: Observer, error: unknown): void {
  const { key, reason } = isTidegateError(error, "CONFIGURATION")
    ? error.details
    : { key: "", reason: error instanceof Error ? error.name : "unknown" };
  observe(observer, { type: "configuration.rejected", key, reason });
}
