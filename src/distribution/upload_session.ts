import type { Method, RegistryRequest } from "../core/mod.ts";
import { parseRepositoryName } from "../reference/mod.ts";
import { parseCount } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";
import { repositoryScope, type Target } from "./target.ts";

/** An upload in progress as the registry's answer tells it. */
export interface UploadSession {
  /**
   * Where to go on: absolute, its query as the registry wrote it. It may be signed: a secret. Ask
   * the origin policy (`location`) before it is used.
   */
  readonly location: string;
  /**
   * Offset of the last byte that the registry has. 0 is ambiguous: distribution says it for nothing
   * as for one byte. -1 is nothing; absent is not told.
   */
  readonly receivedEnd?: number | undefined;
  /** Least length of every chunk but the last (`OCI-Chunk-Min-Length`). */
  readonly minChunkBytes?: number | undefined;
  /** Greatest length of a chunk (`OCI-Chunk-Max-Length`, which our front door says). */
  readonly maxChunkBytes?: number | undefined;
}

/** What a request to an upload in progress is made of. */
export interface SessionRequestParts {
  readonly method: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RegistryRequest["body"] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A request to where an upload goes on, with the right to push.
 *
 * @throws {TidegateError} INVALID_NAME when the repository is no repository name.
 * @throws {TypeError} If the location is no absolute http(s) URL.
 */
export function sessionRequest(
  { repository }: Target,
  location: string,
  { method, headers = {}, body, signal }: SessionRequestParts,
): RegistryRequest {
  if (!/^https?:\/\//.test(location) || !URL.canParse(location)) {
    throw new TypeError("An upload's location is an absolute http or https URL");
  }
  return {
    method,
    url: location,
    headers,
    kind: "upload",
    scopes: [repositoryScope(parseRepositoryName(repository), ["pull", "push"])],
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What goes with the bytes of a blob. Runtimes know the length of all bodies but streams. */
export function bodyHeaders(
  body: RegistryRequest["body"],
  size: number | undefined,
): Record<string, string> {
  if (body === undefined) return {};
  const isCounted = size !== undefined && body instanceof ReadableStream;
  return {
    "content-type": "application/octet-stream",
    ...(isCounted ? { "content-length": `${size}` } : {}),
  };
}

/**
 * Where bytes belong, as uploads write it: `0-99`, both inclusive, without a unit. None for no
 * bytes or an unknown number.
 */
export function chunkRange(start: number, size: number | undefined): Record<string, string> {
  if (!Number.isSafeInteger(start) || start < 0) {
    throw new TypeError("A chunk starts at 0 or later");
  }
  return size === undefined || size === 0
    ? {}
    : { "content-range": `${start}-${start + size - 1}` };
}

/**
 * Read the headers of an upload in progress.
 *
 * @param requestUrl The URL that was asked: a relative `Location` is resolved against it.
 * @param otherwise Where to go on when no `Location` says so; without it, that is an error.
 * @throws {TidegateError} INVALID_RESPONSE when one is malformed.
 */
export function readUploadSession(
  headers: Headers,
  requestUrl: string,
  otherwise?: string,
): UploadSession {
  const range = headers.get("range");
  return {
    location: readLocation(headers, requestUrl, otherwise),
    receivedEnd: range === null ? undefined : parseUploadRange(range),
    minChunkBytes: readChunkLength(headers, "oci-chunk-min-length"),
    maxChunkBytes: readChunkLength(headers, "oci-chunk-max-length"),
  };
}

/**
 * Read the `Range` of an upload: `0-99`, with or without `bytes=` before it. Some registries write
 * the last chunk's own start. What zot writes of an empty upload, `0--1`, is understood.
 *
 * @returns The offset of the last byte, -1 for none.
 * @throws {TidegateError} INVALID_RESPONSE when malformed or out of order.
 */
export function parseUploadRange(text: string): number {
  const match = text.length > 64
    ? null
    : /^(?:bytes[= ])?([0-9]{1,16})-(-1|[0-9]{1,16})$/i.exec(text.trim());
  const start = parseCount(match?.[1] ?? "");
  const end = match?.[2] === "-1" ? -1 : parseCount(match?.[2] ?? "");
  const isEmpty = start === 0 && end === -1;
  if (start === undefined || end === undefined || (start > end && !isEmpty)) {
    throw invalidResponse("Range", text, "must be what an upload has, 0-99");
  }
  return end;
}

/** Write the `Range` of an upload; parsing it gives the same end. */
export function formatUploadRange(receivedEnd: number): string {
  return `0-${Math.max(receivedEnd, 0)}`;
}

function readChunkLength(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  if (text === null) return undefined;
  const length = parseCount(text);
  if (length === undefined || (length === 0 && name === "oci-chunk-max-length")) {
    throw invalidResponse(name, text, "must be one number of bytes");
  }
  return length;
}

function readLocation(headers: Headers, requestUrl: string, otherwise?: string): string {
  const text = headers.get("location") ?? otherwise;
  // the query may be a signature, and what is before an @ a password
  const shown = text?.slice(0, 512).replace(/[?#][\s\S]*$/, "").replace(/[^/\\]*@/g, "") ?? "";
  const refused = (reason: string): Error => invalidResponse("Location", shown, reason);
  if (text === undefined || text === "") throw refused("must say where the upload goes on");
  if (text.length > MAX_LOCATION_LENGTH) throw refused(`is over ${MAX_LOCATION_LENGTH} characters`);
  // the URL parser drops tabs and newlines and reads "\" as "/"; nobody means that honestly
  if (/[\u0000-\u001f\u007f\\]/.test(text)) {
    throw refused("has a control character or a backslash");
  }
  if (!URL.canParse(text, requestUrl)) throw refused("is no URL");
  const url = new URL(text, requestUrl);
  url.hash = ""; // a fragment is no part of what is asked for
  return url.href;
}

/** Longest location taken: what the origin policy takes of any URL. */
const MAX_LOCATION_LENGTH = 16 * 1024;
