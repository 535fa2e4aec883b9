import { decodeBase64, encodeBase64, encodeUtf8 } from "../core/mod.ts";
import { digestOf } from "./digest.ts";

/**
 * A body as a fixture holds it: text, bytes that are none, or of a long request only what it was. None
 * stands for no body.
 */
export type FixtureBody =
  | { readonly text: string }
  | { readonly base64: string }
  | { readonly size: number; readonly digest: string };

/** A request as it was recorded, redacted. */
export interface FixtureRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** Lower-case names: only such as say something about the protocol. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: FixtureBody;
}

/** An answer as it was recorded, redacted. */
export interface FixtureResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: FixtureBody;
}

/** One request and its answer. */
export interface FixtureExchange {
  readonly request: FixtureRequest;
  readonly response: FixtureResponse;
}

/** Recorded traffic, redacted: what a recorder makes and a replayer answers from. Plain JSON. */
export interface Fixture {
  readonly version: 1;
  /** In the order of the requests. */
  readonly exchanges: readonly FixtureExchange[];
}

const LONGEST_REQUEST_BODY = 64 * 1024; // more would only make fixtures that nobody reads

/** Bytes as a fixture holds them. Of a long request body only size and digest are kept. */
export async function writeBody(
  bytes: Uint8Array<ArrayBuffer>,
  isRequest: boolean,
): Promise<FixtureBody | undefined> {
  if (bytes.length === 0) return undefined;
  if (isRequest && bytes.length > LONGEST_REQUEST_BODY) {
    return { size: bytes.length, digest: await digestOf(bytes) };
  }
  const text = tryDecode(bytes);
  return text === undefined ? { base64: encodeBase64(bytes) } : { text };
}

/**
 * The bytes of a body.
 *
 * @throws {TypeError} If only its digest was kept.
 */
export function bodyBytes(body: FixtureBody | undefined): Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if ("text" in body) return encodeUtf8(body.text);
  if ("base64" in body) return decodeBase64(body.base64);
  throw new TypeError("Only the digest of this body was kept");
}

/** Text, if it is some: UTF-8 without control characters other than line ends and tabs. */
function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
