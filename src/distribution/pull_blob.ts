import { excerpt, type RegistryRequest, TidegateError } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { type ContentRange, parseContentRange } from "./content_range.ts";
import { contentEncoding, readContentLength, readDigestHeader } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";
import { formatRange } from "./range.ts";
import { pullRequest, type Target } from "./target.ts";

/** A part of a blob, both ends inclusive; no `end` is up to the last byte. */
export interface AskedRange {
  readonly start: number;
  readonly end?: number | undefined;
}

/** How a blob is asked for. */
export interface PullBlobOptions {
  /** Default is `GET`. */
  readonly method?: "GET" | "HEAD" | undefined;
  /** Default is the whole blob. */
  readonly range?: AskedRange | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask for a blob or a part of it, or with HEAD whether it is there (end-2).
 *
 * @throws {TidegateError} INVALID_NAME or INVALID_DIGEST.
 * @throws {TypeError} If the range is not two whole numbers in order.
 */
export function pullBlobRequest(
  target: Target,
  digest: Digest,
  options: PullBlobOptions = {},
): RegistryRequest {
  const { method, range, signal } = options;
  return pullRequest(target, {
    method,
    kind: "blob",
    path: `blobs/${parseDigest(digest)}`,
    headers: {
      "accept-encoding": "identity", // an encoded blob has other bytes than its digest is of
      ...(range === undefined ? {} : { range: formatRange(range) }),
    },
    signal,
  });
}

/** What the head of an answer says of a blob. None of it is verified. */
export interface BlobHead {
  /** Offset in the blob of the first byte that follows: 0 when the registry ignored the range. */
  readonly start: number;
  /** Offset of the last byte that follows, where it is known. */
  readonly end?: number;
  /** Size of the whole blob, where it is known. */
  readonly size?: number;
  /** Whether a part follows (206) and not the whole blob (200). */
  readonly isPartial: boolean;
  /** What the registry says; content networks say nothing. */
  readonly digest?: Digest;
}

/**
 * Read the head of the answer to {@linkcode pullBlobRequest}.
 *
 * A 200 to a request for a range is no error: the caller may skip up to where it wants to be.
 *
 * @param asked The range asked for, if one was.
 * @throws {TidegateError} RESUME_FAILED when a part is another than the one asked for;
 * RANGE_NOT_SATISFIABLE for 416; INVALID_RESPONSE for other statuses, for headers that are
 * malformed, given twice or at odds, and for encoded content, which runtimes decode differently.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7 | RFC 9110 15.3.7}
 */
export function readPullBlobHead(status: number, headers: Headers, asked?: AskedRange): BlobHead {
  if (status === 416) throw notSatisfiable(headers, asked);
  if (status !== 200 && (status !== 206 || asked === undefined)) {
    const reason = asked === undefined ? "must be 200" : "must be 200 or 206";
    throw invalidResponse("blob status", String(status), reason);
  }
  const encoding = contentEncoding(headers);
  if (encoding !== undefined) {
    throw invalidResponse("Content-Encoding", encoding, "must not be used for blobs");
  }
  const digest = readDigestHeader(headers);
  const told = digest === undefined ? {} : { digest };
  if (status === 200 || asked === undefined) return { ...readWhole(headers), ...told };
  return { ...readPart(headers, asked), ...told };
}

function readWhole(headers: Headers): BlobHead {
  const size = readContentLength(headers);
  if (size === undefined) return { start: 0, isPartial: false };
  return { start: 0, size, isPartial: false, ...(size === 0 ? {} : { end: size - 1 }) };
}

function readPart(headers: Headers, asked: AskedRange): BlobHead {
  const text = headers.get("content-range");
  if (text === null) throw invalidResponse("Content-Range", "", "must come with status 206");
  const range = parseContentRange(text);
  if (range.start === undefined) {
    throw invalidResponse("Content-Range", text, "must name the bytes that follow");
  }
  const length = readContentLength(headers);
  if (length !== undefined && length !== range.end - range.start + 1) {
    throw invalidResponse("Content-Range", text, `does not agree with Content-Length ${length}`);
  }
  const problem = wrongPart(range, asked);
  if (problem !== undefined) {
    const reason = `Content-Range "${excerpt(text)}" ${problem}`;
    throw new TidegateError("RESUME_FAILED", reason, { offset: asked.start, reason });
  }
  const { start, end, size } = range;
  return { start, end, isPartial: true, ...(size === undefined ? {} : { size }) };
}

/** A part may end early, then the rest is asked for again; it may not start elsewhere. */
function wrongPart(
  { start, end }: { readonly start: number; readonly end: number },
  asked: AskedRange,
): string | undefined {
  if (start !== asked.start) return `does not start at ${asked.start}`;
  return asked.end !== undefined && end > asked.end ? `goes past ${asked.end}` : undefined;
}

function notSatisfiable(headers: Headers, asked: AskedRange | undefined): TidegateError {
  const text = headers.get("content-range");
  const range: ContentRange | undefined = text === null ? undefined : parseContentRange(text);
  const shown = asked === undefined ? "none" : formatRange(asked);
  return new TidegateError("RANGE_NOT_SATISFIABLE", `The blob has no bytes in range ${shown}`, {
    range: shown,
    size: range?.size,
  });
}
