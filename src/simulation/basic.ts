import { decodeBase64, decodeUtf8 } from "../core/mod.ts";

/** User name and password of a Basic `Authorization` header (RFC 7617); undefined if it is none. */
export function basicCredentials(
  header: string,
): { username: string; password: string } | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  try {
    const pair = decodeUtf8(decodeBase64(encoded));
    const colon = pair.indexOf(":");
    if (colon < 0) return undefined;
    return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
  } catch {
    return undefined;
  }
}

/** The token of a Bearer `Authorization` header (RFC 6750, 2.1); undefined if it is none. */
export function bearerToken(header: string): string | undefined {
  return /^bearer +(\S+)$/i.exec(header)?.[1];
}
