import { concatBytes } from "../core/mod.ts";
import type { SimulatedRequest } from "./reply.ts";

/** Most of a request body that the log keeps by default. The size is always exact. */
export const KEPT_BODY_BYTES: number = 1024 * 1024;

/** One request that reached a simulated host, with what became of it. */
export interface LoggedRequest {
  /** The host's origin as it was created. */
  readonly host: string;
  readonly kind: "registry" | "tokens" | "blobs" | "hub" | "github" | "trap";
  readonly method: string;
  /** Absolute URL. */
  readonly url: string;
  /** Path and query as they stood on the request line. */
  readonly target: string;
  /** Lower-case names; values of a repeated name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the request's body that have arrived so far. */
  bodyBytes: number;
  /** The first MiB of the body, once it has arrived or is broken. */
  body: Uint8Array<ArrayBuffer>;
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
  { method, url, target, headers }: Omit<SimulatedRequest, "body">,
): LoggedRequest {
  return {
    host: host.origin,
    kind: host.kind,
    method,
    url,
    target,
    headers: Object.fromEntries(headers),
    bodyBytes: 0,
    body: new Uint8Array(0),
    status: 0,
    sentBytes: 0,
    outcome: "open",
  };
}

/** Counts the pieces of a body into the log's entry and keeps the first of them. */
export interface BodyRecorder {
  add(piece: Uint8Array): void;
  /** Put what was kept into the entry. */
  finish(): void;
}

/** Record a body. The pieces are copied: their buffers may be used again. */
export function recordBody(entry: LoggedRequest, maximum: number): BodyRecorder {
  const kept: Uint8Array[] = [];
  return {
    add(piece): void {
      const room = Math.max(0, maximum - entry.bodyBytes);
      if (room > 0) kept.push(piece.slice(0, room));
      entry.bodyBytes += piece.length;
    },
    finish: () => void (entry.body = concatBytes(kept)),
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
