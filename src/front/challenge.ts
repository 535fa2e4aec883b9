import type { AccessAction, FrontDoorSettings } from "../settings/mod.ts";
import { challengeScheme } from "./access.ts";
import type { Answer } from "./answer.ts";
import { refuse } from "./error_answer.ts";
import type { Identity } from "./identity.ts";

/** Where the door's token endpoint is, for clients that speak the token flow. */
export const TOKEN_PATH = "/v2/token";

const REALM = "tidegate";

/** What a scope names for each action: clients ask for these, and some for these alone. */
const SCOPE_ACTIONS: Readonly<Record<AccessAction, string>> = {
  pull: "pull",
  push: "pull,push", // a push looks first for what is there
  delete: "delete",
};

/** The challenge that asks for a token as password. */
export const BASIC_CHALLENGE: string = `Basic realm="${REALM}", charset="UTF-8"`;

/**
 * Refuse a caller that may not do what was asked: the same answer whether the repository exists or
 * not. A caller that has not tried to log in is asked to; one that has is denied.
 *
 * @param wanted What was asked for, for the challenge's scope; absent for `/v2/` itself.
 */
export function refuseCaller(
  settings: FrontDoorSettings,
  url: URL,
  identity: Identity | undefined,
  wanted?: { readonly name: string; readonly action: AccessAction },
): Answer {
  if (identity?.hasAnswered && (wanted !== undefined || !identity.isAnonymous)) {
    return refuse("denied");
  }
  const challenge = formatChallenge(settings, url, wanted);
  if (challenge === undefined) return refuse("denied");
  return refuse(identity === undefined ? "badCredentials" : "unauthorized", {
    "www-authenticate": challenge,
  });
}

/** Name, action and host consist of characters that need no escape in a quoted string. */
function formatChallenge(
  settings: FrontDoorSettings,
  url: URL,
  wanted?: { readonly name: string; readonly action: AccessAction },
): string | undefined {
  const scheme = challengeScheme(settings.access);
  if (scheme === "none") return undefined;
  if (scheme === "basic") return BASIC_CHALLENGE;
  const scope = wanted && `,scope="repository:${wanted.name}:${SCOPE_ACTIONS[wanted.action]}"`;
  return `Bearer realm="${url.origin}${TOKEN_PATH}",service="${REALM}"${scope ?? ""}`;
}
