import { decodeBase64, decodeUtf8, encodeUtf8, timingSafeEqual } from "../core/mod.ts";
import type { AccessRule, AccessSettings, TokenSettings } from "../settings/mod.ts";

/** Who is asking, as far as the door can tell. */
export interface Identity {
  /** `anonymous`, or the name of the configured token. For logs. */
  readonly name: string;
  readonly isAnonymous: boolean;
  /** Whether the caller answered a challenge: with a token, or with the empty one. */
  readonly hasAnswered: boolean;
  readonly allow: readonly AccessRule[];
}

/** The token that the door's token endpoint gives to callers without credentials. */
export const ANONYMOUS_TOKEN = "anonymous";

const MAX_AUTHORIZATION_LENGTH = 8 * 1024;

/**
 * Tell who sent a request by its `Authorization`: Basic with the token as password (the user name
 * is not looked at), or Bearer.
 *
 * Basic with an empty name and password is anonymous: clients of the containers/image family answer
 * a Basic challenge that way when they have no credentials.
 *
 * @returns Undefined when a credential was presented that is not known: refused, never anonymous.
 */
export async function identify(
  authorization: string | null,
  access: AccessSettings,
): Promise<Identity | undefined> {
  if (authorization === null) return anonymous(access, false);
  const token = readPresentedToken(authorization);
  if (token === undefined) return undefined;
  if (token === "" || token === ANONYMOUS_TOKEN) return anonymous(access, true);
  const found = await findToken(token, access.tokens);
  if (found === undefined) return undefined;
  // whoever logs in may not lose what everybody may
  const allow = [...access.anonymous, ...found.allow];
  return { name: found.name, isAnonymous: false, hasAnswered: true, allow };
}

function anonymous(access: AccessSettings, hasAnswered: boolean): Identity {
  return { name: "anonymous", isAnonymous: true, hasAnswered, allow: access.anonymous };
}

/** The token inside an `Authorization`; empty for an empty Basic pair; undefined for anything malformed. */
export function readPresentedToken(authorization: string): string | undefined {
  if (authorization.length > MAX_AUTHORIZATION_LENGTH) return undefined;
  const space = authorization.indexOf(" ");
  const scheme = authorization.slice(0, Math.max(space, 0)).toLowerCase();
  const value = authorization.slice(space + 1).trim();
  if (scheme === "bearer") return value === "" ? undefined : value;
  return scheme === "basic" ? readBasicPassword(value) : undefined;
}

function readBasicPassword(value: string): string | undefined {
  try {
    const pair = decodeUtf8(decodeBase64(value));
    const colon = pair.indexOf(":");
    if (colon < 0) return undefined;
    const password = pair.slice(colon + 1);
    return password === "" && colon > 0 ? undefined : password;
  } catch {
    return undefined; // not base64, or not UTF-8 (RFC 7617 section 2.1)
  }
}

/** Compares with every entry, so that time tells neither which one matched nor whether one did. */
async function findToken(
  token: string,
  entries: readonly TokenSettings[],
): Promise<TokenSettings | undefined> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encodeUtf8(token)));
  let found: TokenSettings | undefined;
  for (const entry of entries) {
    if (timingSafeEqual(digest, entry.sha256)) found = entry;
  }
  return found;
}
