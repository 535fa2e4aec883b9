import { excerpt, type RegistryRequest, TidegateError } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { parseContentRange } from "./content_range.ts";
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
  const { range } = options;
  return pullRequest(target, {
    ...options,
    kind: "blob",
    path: `blobs/${parseDigest(digest)}`,
    headers: {
      "accept-encoding": "identity", // an encoded blob has other bytes than its digest is of
      ...(range === undefined ? {} : { range: formatRange(range) }),
    },
  });
}

/** What the head of an answer says of a blob. None of it is verified. */
export interface BlobHead {
  /** Offset in the blob of the first byte that follows: 0 when the registry ignored the range. */
  readonly start: number;
  /** Offset of the last byte that follows, where it is known. */
  readonly end?: number | undefined;
  /** Size of the whole blob, where it is known. */
  readonly size?: number | undefined;
  /** Whether a part follows (206) and not the whole blob (200). */
  readonly isPartial: boolean;
  /** What the registry says; content networks say nothing. */
  readonly digest?: Digest | undefined;
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
    throw invalidResponse("blob status", `${status}`, `must be 200${asked ? " or 206" : ""}`);
  }
  const encoding = contentEncoding(headers);
  if (encoding !== undefined) {
    throw invalidResponse("Content-Encoding", encoding, "must not be used for blobs");
  }
  const digest = readDigestHeader(headers);
  if (status === 206 && asked !== undefined) return { ...readPart(headers, asked), digest };
  const size = readContentLength(headers);
  return { start: 0, end: size ? size - 1 : undefined, size, isPartial: false, digest };
}

function readPart(headers: Headers, asked: AskedRange): BlobHead {
  const text = headers.get("content-range") ?? "";
  const refused = (reason: string): Error => invalidResponse("Content-Range", text, reason);
  if (text === "") throw refused("must come with status 206");
  const { start, end, size } = parseContentRange(text);
  if (start === undefined) throw refused("must name the bytes that follow");
  const length = readContentLength(headers);
  if (length !== undefined && length !== end - start + 1) {
    throw refused(`does not agree with Content-Length ${length}`);
  }
  const problem = wrongPart(start, end, asked);
  if (problem !== undefined) {
    const reason = `Content-Range "${excerpt(text)}" ${problem}`;
    throw new TidegateError("RESUME_FAILED", reason, { offset: asked.start, reason });
  }
  return { start, end, size, isPartial: true };
}

/** A part may end early, then the rest is asked for again; it may not start elsewhere. */
function wrongPart(start: number, end: number, asked: AskedRange): string | undefined {
  if (start !== asked.start) return `does not start at ${asked.start}`;
  return asked.end !== undefined && end > asked.end ? `goes past ${asked.end}` : undefined;
}

function notSatisfiable(headers: Headers, asked: AskedRange | undefined): TidegateError {
  const text = headers.get("content-range");
  const size = text === null ? undefined : parseContentRange(text).size;
  const range = asked === undefined ? "none" : formatRange(asked);
  return new TidegateError("RANGE_NOT_SATISFIABLE", `The blob has no ${range}`, { range, size });
}
