import { type Layer, type RegistryRequest, TidegateError } from "../core/mod.ts";
import { createDeadline } from "./deadline.ts";
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
  return (next) => async (request) => {
    const milliseconds = timeouts.headersMs + uploadMs(request);
    const { origin } = new URL(request.url);
    const deadline = createDeadline(
      clock,
      milliseconds,
      request.signal,
      () =>
        new TidegateError("NETWORK_TIMEOUT", `No headers from ${origin} for ${milliseconds} ms`, {
          origin,
          phase: "headers",
          milliseconds,
        }),
    );
    try {
      const response = await next({ ...request, signal: deadline.signal });
      deadline.stop();
      if (response.body === null) deadline.dispose();
      const release = (): void => {
        deadline.dispose();
        response.release();
      };
      return { ...response, release };
    } catch (error) {
      deadline.dispose();
      throw error;
    }
  };
}

function uploadMs({ body }: RegistryRequest): number {
  if (body === undefined) return 0;
  if (body instanceof ReadableStream) return STREAM_UPLOAD_MS;
  const size = body instanceof Uint8Array ? body.byteLength : body.size;
  return size / SLOWEST_UPLOAD_BYTES_PER_MS;
}
