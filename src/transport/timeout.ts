import type { Layer } from "../core/mod.ts";
import { sendWithin } from "./deadline.ts";
import type { TransportSettings } from "./settings.ts";
import { uploadMs } from "./upload_time.ts";

/**
 * Bound the wait for the headers of each single exchange. Bodies have their own deadline: whoever
 * reads one gives up when nothing comes for a while.
 *
 * @throws {TidegateError} NETWORK_TIMEOUT with phase `headers`.
 */
export function withTimeout({ clock, timeouts }: TransportSettings): Layer {
  return (next) => (request) => {
    const { origin } = new URL(request.url);
    const milliseconds = timeouts.headersMs + uploadMs(request);
    return sendWithin(clock, { origin, phase: "headers", milliseconds }, request, next);
  };
}
