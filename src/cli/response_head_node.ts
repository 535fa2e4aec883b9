import type { Buffer } from "node:buffer";

/** The head of an answer whose body's length it tells. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
  /** Bytes of the body. */
  readonly length: number;
  /** Where the body begins in what was read. */
  readonly end: number;
}

/** As Node's own. Interim heads count, too. */
const MAX_HEAD_BYTES: number = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^\d{1,15}$/;
const EMPTY_LINE = "\r\n\r\n";

/**
 * Read the head of an HTTP/1.1 response (RFC 9112), those of informational ones before it skipped.
 *
 * It is strict: what two readers may understand in two ways is nobody's business to guess.
 *
 * @param bytes What has come so far.
 * @returns Undefined as long as more must come; `odd` for what is anything but a plain head with one
 * `Content-Length`: chunked, encoded, folded, too long, malformed.
 */
export function readResponseHead(bytes: Buffer): ResponseHead | "odd" | undefined {
  for (let start = 0;;) {
    const end = bytes.indexOf(EMPTY_LINE, start, "latin1");
    if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) return "odd";
    if (end < 0) return undefined;
    const [first = "", ...lines] = bytes.toString("latin1", start, end).split("\r\n");
    start = end + EMPTY_LINE.length;
    const status = Number(STATUS_LINE.exec(first)?.[1]);
    if (status === 100 || status === 103) continue; // interim: the answer comes after it
    const headers = status >= 200 ? readFields(lines) : undefined;
    const length = headers === undefined ? undefined : bodyLength(headers);
    if (headers === undefined || length === undefined) return "odd";
    return { status, headers, length, end: start };
  }
}

function readFields(lines: readonly string[]): Headers | undefined {
  const headers = new Headers();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    headers.append(name, value);
  }
  return headers;
}

/** RFC 9112 6.3: with a transfer coding the length means nothing; two lengths are an attack. */
function bodyLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const isCoded = headers.has("transfer-encoding") ||
    (headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity";
  return length !== null && !isCoded && LENGTH.test(length) ? Number(length) : undefined;
}
