import type { RefusalName } from "./error_answer.ts";

/** What the headers of a chunk say of it. */
export interface ChunkHeaders {
  /** Offset of its first byte; undefined: it goes on where the upload stands. */
  readonly start: number | undefined;
  /** Its length; undefined for a stream. */
  readonly size: number | undefined;
}

/**
 * Read `Content-Range` and `Content-Length` of a chunk.
 *
 * @returns The name of the refusal for headers that are malformed or contradict each other.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks | distribution-spec, Pushing a blob in chunks}
 */
export function readChunkHeaders(headers: Headers): ChunkHeaders | RefusalName {
  const length = headers.get("content-length");
  const size = length === null ? undefined : count(length);
  if (Number.isNaN(size)) return "badSize";
  const range = headers.get("content-range");
  if (range === null) return { start: undefined, size };
  const [, from, to] =
    /^(?:bytes[= ])?([0-9]{1,16})-([0-9]{1,16})(?:\/[0-9*]{1,16})?$/.exec(range) ??
      [];
  const start = count(from ?? "");
  const ranged = count(to ?? "") + 1 - start;
  if (!(ranged > 0)) return "badChunk";
  return size !== undefined && size !== ranged ? "badSize" : { start, size: ranged };
}

/** NaN unless it is a whole number below 2^53. */
function count(text: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : NaN;
}
