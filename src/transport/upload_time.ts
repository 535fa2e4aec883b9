import type { RegistryRequest } from "../core/mod.ts";

const SLOWEST_UPLOAD_BYTES_PER_MS = 32; // 32 KB/s: what a body adds to the time its answer may take
// of a stream that does not say how long it is; whoever sends one looks that it moves
const STREAM_UPLOAD_MS = 24 * 60 * 60_000;

/** How long the body of a request may take, in milliseconds: 0 for none. */
export function uploadMs({ body, headers }: RegistryRequest): number {
  if (body === undefined) return 0;
  const length = body instanceof ReadableStream
    ? Number(headers["content-length"])
    : body instanceof Uint8Array
    ? body.length
    : body.size;
  return length >= 0 ? length / SLOWEST_UPLOAD_BYTES_PER_MS : STREAM_UPLOAD_MS;
}
