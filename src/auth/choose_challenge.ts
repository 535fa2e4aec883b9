import type { Challenge } from "./challenge.ts";
import type { Credential } from "./credential.ts";
import { invalidResponse } from "./invalid_response.ts";
import { parseScope, readScopeHint } from "./scope.ts";
import type { KnownChallenge } from "./token_cache.ts";

/** Most scopes taken over from a challenge. A mount needs two. */
const MAX_HINTED_SCOPES = 16;

/**
 * Choose which challenge to answer: Bearer with a realm before Basic, whatever their order; Basic
 * only with a credential that fits. Other schemes (`Negotiate`) are not answered.
 *
 * @param url The URL that challenged: a relative realm is resolved against it.
 * @throws {TidegateError} INVALID_RESPONSE for a relative realm that is no URL.
 */
export function chooseChallenge(
  challenges: readonly Challenge[],
  credential: Credential | undefined,
  url: string,
): KnownChallenge | undefined {
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get("realm");
    if (scheme !== "bearer" || !realm) continue;
    const service = parameters.get("service");
    return { scheme, realm: absoluteRealm(realm, url), ...service !== undefined && { service } };
  }
  const hasBasic = challenges.some(({ scheme }) => scheme === "basic");
  return hasBasic && credential?.kind === "basic" ? { scheme: "basic" } : undefined;
}

/**
 * What a challenge says about scopes, as far as it may be followed: other scopes than were asked for,
 * of repositories only, and with no action that the request did not ask for itself. A repository of
 * another name is accepted (a registry behind another name knows its own); `push` for a pull never
 * is, nor a wildcard.
 *
 * @returns Undefined when there is nothing to follow.
 */
export function followableScopes(
  challenges: readonly Challenge[],
  asked: readonly string[],
): readonly string[] | undefined {
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  const hinted = readScopeHint(bearer?.parameters.get("scope") ?? "");
  const actions = new Set(asked.map(parseScope).flatMap((scope) => scope.actions));
  const isWithin = hinted.map(parseScope).every((scope) =>
    scope.type === "repository" && scope.actions.every((action) => actions.has(action))
  );
  const isOther = hinted.length !== asked.length || hinted.some((scope) => !asked.includes(scope));
  const follow = hinted.length > 0 && hinted.length <= MAX_HINTED_SCOPES && isWithin && isOther;
  return follow ? hinted : undefined;
}

/** Whether a challenge says that the token is good but not for this. */
export function isInsufficientScope(challenges: readonly Challenge[]): boolean {
  return challenges.some(({ parameters }) => parameters.get("error") === "insufficient_scope");
}

/** An absolute realm is passed on untouched, so that the policy sees it as it was sent. */
function absoluteRealm(realm: string, url: string): string {
  if (/^\s*[a-z][a-z0-9+.-]*:/i.test(realm)) return realm;
  // the URL parser reads "\" as "/" and drops tabs: the policy would see neither any more
  if (/[\u0000-\u001f\u007f\\]/.test(realm)) {
    throw invalidResponse("realm", "has a control character or a backslash");
  }
  try {
    return new URL(realm, url).href;
  } catch (cause) {
    throw invalidResponse("realm", "is no URL", "", { cause });
  }
}
