import {
  decodeBase64Url,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
} from "../core/mod.ts";

/** What a JSON Web Token says of its own life. */
export interface JwtTimes {
  /** `exp`, in milliseconds since the epoch, by the clock of whoever made it. */
  readonly expiresAt: number;
  /** From `iat` to `exp` in milliseconds, where it has both. */
  readonly lifetimeMs: number | undefined;
}

const MAX_PAYLOAD_LENGTH: number = 32 * 1024; // the server's own tokens are under 4 KiB

/**
 * Read when a JSON Web Token ends. Its signature is not verified: whoever holds a token needs to know
 * only when to ask for the next one.
 *
 * @returns Undefined for anything that is no JWT or has no `exp`. Never throws.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4 | RFC 7519 4.1.4}
 */
export function readJwtTimes(token: string): JwtTimes | undefined {
  const claims = readClaims(token);
  const expiresAt = secondsOf(claims?.["exp"]);
  if (expiresAt === undefined) return undefined;
  const issuedAt = secondsOf(claims?.["iat"]);
  const lifetimeMs = issuedAt === undefined ? 0 : expiresAt - issuedAt;
  return { expiresAt, lifetimeMs: lifetimeMs > 0 ? lifetimeMs : undefined };
}

function readClaims(token: string): JsonObject | undefined {
  const parts = token.split(".", 4);
  const payload = parts.length === 3 ? parts[1] ?? "" : "";
  if (payload === "" || payload.length > MAX_PAYLOAD_LENGTH) return undefined;
  try {
    const claims = parseJson(decodeBase64Url(payload));
    return isJsonObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

const LATEST_SECONDS = 8.64e12; // the last instant that a Date can hold

function secondsOf(value: Json | undefined): number | undefined {
  const isTime = typeof value === "number" && value > 0 && value <= LATEST_SECONDS;
  return isTime ? value * 1000 : undefined;
}
