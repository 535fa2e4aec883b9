import type { HashAlgorithm } from "../core/mod.ts";
import { errorReply } from "./error_body.ts";
import type { Exchange } from "./registry_state.ts";
import type { Reply } from "./reply.ts";
import type { Upload } from "./upload.ts";

/** How one request's body is taken into an upload. */
export interface ReceiveOptions {
  /** Of the digest, where the request names it. */
  readonly algorithm?: HashAlgorithm | undefined;
  /** Store so many bytes at most, and forget the rest. */
  readonly acceptedBytes?: number | undefined;
  /** More is 416. */
  readonly largestChunk?: number | undefined;
  /** The upload goes on after it. */
  readonly isPart?: boolean;
}

/**
 * Add a request's body to an upload, checking `Content-Range` (distribution-spec, "Pushing a blob
 * in chunks").
 *
 * @returns The refusal, with nothing added; undefined when all went well.
 * @throws What the body throws when it breaks; what had come stays, or is thrown away, by setting.
 */
export async function receiveChunk(
  exchange: Exchange,
  upload: Upload,
  options: ReceiveOptions,
): Promise<Reply | undefined> {
  const { request } = exchange;
  const declared = request.headers.get("content-length");
  const range = readChunkRange(request.headers.get("content-range"));
  const refusal = refuseStart(upload, range) ??
    (declared === null ? undefined : refuseLength(exchange, upload, Number(declared), options));
  if (refusal) return refusal;
  const start = upload.data.size;
  const length = await receiveBody(exchange, upload, options);
  const late = refuseLength(exchange, upload, length, options);
  if (late) undo(exchange, upload, start);
  else if (length > 0) noteChunk(exchange, upload, { start, length, ...options });
  return late;
}

async function receiveBody(
  exchange: Exchange,
  upload: Upload,
  { acceptedBytes = Infinity, algorithm = upload.algorithm }: ReceiveOptions,
): Promise<number> {
  const start = upload.data.size;
  let length = 0;
  try {
    for await (const piece of exchange.request.body) {
      const kept = piece.subarray(0, Math.max(0, acceptedBytes - length));
      if (kept.length > 0) await upload.data.add(kept, algorithm);
      length += piece.length;
    }
    return length;
  } catch (error) {
    if (exchange.state.settings.push?.brokenBody === "discard") undo(exchange, upload, start);
    throw error;
  }
}

/** Where nothing can be taken back, the upload is over. */
function undo({ state }: Exchange, upload: Upload, size: number): void {
  if (!upload.data.truncate(size)) state.uploads.delete(upload.id);
}

function noteChunk(
  { state }: Exchange,
  upload: Upload,
  { start, length, isPart, acceptedBytes = Infinity }: ReceiveOptions & {
    readonly start: number;
    readonly length: number;
  },
): void {
  upload.chunkStarts.push(start);
  const least = state.settings.push?.minChunkBytes ?? 0;
  if (isPart && length < least && length <= acceptedBytes) upload.isEnding = true;
}

interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

/** `Content-Range` of an upload: `start-end`, both included, without a unit. */
function readChunkRange(header: string | null): ChunkRange | "invalid" | undefined {
  if (header === null) return undefined;
  const [, start, end] = /^([0-9]+)-([0-9]+)$/.exec(header) ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return "invalid";
  return { start: Number(start), end: Number(end) };
}

function refuseStart(
  { data: { size } }: Upload,
  range: ChunkRange | "invalid" | undefined,
): Reply | undefined {
  if (range === undefined || (range !== "invalid" && range.start === size)) return undefined;
  return errorReply("RANGE_INVALID", "The chunk does not begin where the upload ends", {
    detail: { size },
  });
}

function refuseLength(
  { request, state }: Exchange,
  upload: Upload,
  length: number,
  { largestChunk = Infinity }: ReceiveOptions,
): Reply | undefined {
  const { largestBody = Infinity } = state.settings.quirks;
  const range = readChunkRange(request.headers.get("content-range"));
  if (typeof range === "object" && range.end - range.start + 1 !== length) {
    return errorReply("SIZE_INVALID", "Content-Range and the body differ in length");
  }
  if (length > largestBody) return errorReply("SIZE_INVALID", "Too large", { status: 413 });
  if (length > largestChunk) {
    const limit = `${(largestChunk / 1024 / 1024).toFixed(2)}MiB`;
    const text =
      `the request body is too large and exceeds the maximum permissible limit of ${limit}`;
    return errorReply("REQUESTED_RANGE_NOT_SATISFIABLE", text); // GHCR's words
  }
  if (length > 0 && upload.isEnding) {
    return errorReply("RANGE_INVALID", "A chunk before was shorter than OCI-Chunk-Min-Length");
  }
  return undefined;
}
