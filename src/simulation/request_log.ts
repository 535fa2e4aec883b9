import type { SimulatedRequest } from "./reply.ts";

/** Most of a request body that the log keeps. The size is always exact. */
const MAX_KEPT_BODY_BYTES = 1024 * 1024;

/** One request that reached a simulated host, with what became of it. */
export interface LoggedRequest {
  /** The host's origin as it was created. */
  readonly host: string;
  readonly kind: "registry" | "tokens" | "blobs" | "trap";
  readonly method: string;
  /** Absolute URL. */
  readonly url: string;
  /** Path and query as they stood on the request line. */
  readonly target: string;
  /** Lower-case names; values of a repeated name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  /** The first MiB of the body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Status answered; 0 until then. */
  status: number;
  /** Bytes of the answer's body handed to the connection so far. */
  sentBytes: number;
  /** `complete`, or how the transfer ended; `open` until it has. */
  outcome: "open" | "complete" | "close" | "reset" | "stall" | "cancelled";
  /**
   * At a reset: bytes that had arrived and that the peer had not read, at most. Absent where this
   * system does not tell, as for a peer on another one.
   */
  unreadBytes?: number;
}

/** Make the log's entry of a request. */
export function logEntry(
  host: { readonly origin: string; readonly kind: LoggedRequest["kind"] },
  { method, url, target, headers, body }: SimulatedRequest,
): LoggedRequest {
  return {
    host: host.origin,
    kind: host.kind,
    method,
    url,
    target,
    headers: Object.fromEntries(headers),
    bodyBytes: body.length,
    body: body.slice(0, MAX_KEPT_BODY_BYTES),
    status: 0,
    sentBytes: 0,
    outcome: "open",
  };
}

/**
 * A logged request as one text: request line, headers, body as Latin-1. What a test searches for
 * secrets, in every encoding it knows.
 */
export function requestText({ method, target, url, headers, body }: LoggedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = Array.from(body, (byte) => String.fromCharCode(byte)).join("");
  return [`${method} ${target}`, url, ...lines, "", text].join("\n");
}
