import { createAuthorizer, createTokenCache, parseChallenges } from "../auth/mod.ts";
import type { RegistryRequest, RegistryResponse, Upstream } from "../core/mod.ts";
import { GENERIC_PROFILE } from "../upstream/mod.ts";
import { NO_STORE } from "./no_store.ts";
import type { TransportSettings } from "./settings.ts";
import { askOrigin } from "./origin.ts";

/**
 * Get a token for a redirect target that challenges by itself, as nobody: no credential of any
 * upstream is in reach here, and the token is remembered for no other request.
 *
 * @returns An `Authorization` value; `undefined` for a challenge that anonymity cannot answer.
 */
export async function answerAnonymously(
  settings: TransportSettings,
  request: RegistryRequest,
  response: RegistryResponse,
): Promise<string | undefined> {
  const { clock, fetch, random, timeouts } = settings;
  const header = response.headers.get("www-authenticate");
  if (header === null) return undefined; // the authorizer would ask the stranger's /v2/ for one
  const stranger = strangerAt(new URL(response.url).origin);
  const policy = { upstream: stranger, observer: settings.observer };
  const authorizer = createAuthorizer({
    upstream: stranger,
    tokens: createTokenCache({ kv: NO_STORE, clock, random }),
    exchange: fetch,
    realmPolicy: (realm, from = response.url) => ({
      url: askOrigin(policy, "realm", from, realm).url,
      credentials: false,
    }),
    clock,
    timeoutMs: timeouts.headersMs,
  });
  const scopes = namedScopes(header);
  const answer = await authorizer.answer({ ...request, scopes }, response, undefined);
  return answer?.startsWith("Bearer ") ? answer : undefined;
}

/** What the stranger itself names: our own request's scopes mean nothing there. */
function namedScopes(header: string): readonly string[] {
  const bearer = parseChallenges(header).find(({ scheme }) => scheme === "bearer");
  const named = bearer?.parameters.get("scope")?.split(" ") ?? [];
  return named.filter((scope) => /^repository:[^:]+(?::\d+)?:[^:]+$/.test(scope)).slice(0, 4);
}

/** An upstream that is configured for nothing. */
function strangerAt(origin: string): Upstream {
  return {
    name: "redirect target",
    origin,
    profile: GENERIC_PROFILE,
    tokenOrigins: [],
    blobOrigins: [],
    uploadOrigins: [],
    insecure: false,
  };
}
