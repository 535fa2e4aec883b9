import type { Layer, RegistryRequest } from "../core/mod.ts";
import { sendWithin } from "./deadline.ts";
import type { TransportSettings } from "./settings.ts";

const SLOWEST_UPLOAD_BYTES_PER_MS = 32; // 32 KB/s: what a body adds to the time its answer may take
const STREAM_UPLOAD_MS = 60 * 60_000; // a stream's length is unknown

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

function uploadMs({ body }: RegistryRequest): number {
  if (body === undefined) return 0;
  if (body instanceof ReadableStream) return STREAM_UPLOAD_MS;
  const size = body instanceof Uint8Array ? body.byteLength : body.size;
  return size / SLOWEST_UPLOAD_BYTES_PER_MS;
}
