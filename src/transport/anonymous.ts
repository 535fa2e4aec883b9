import { createAuthorizer, createTokenCache } from "../auth/mod.ts";
import type { RegistryRequest, RegistryResponse, Upstream } from "../core/mod.ts";
import { GENERIC_PROFILE } from "../upstream/mod.ts";
import type { TransportSettings } from "./options.ts";
import { decide } from "./origin.ts";

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
  const { clock, exchange, random } = settings;
  const stranger = strangerAt(new URL(response.url).origin);
  const policy = { upstream: stranger, observe: settings.observe };
  const authorizer = createAuthorizer({
    upstream: stranger,
    tokens: createTokenCache({ kv: FORGETFUL, clock, random }),
    exchange,
    realmPolicy: (realm) => ({
      url: decide(policy, "realm", response.url, realm).url,
      credentials: false,
    }),
    clock,
  });
  const answer = await authorizer.answer({ ...request, scopes: [] }, response, undefined);
  return answer?.startsWith("Bearer ") ? answer : undefined;
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

const FORGETFUL = {
  get: (): Promise<undefined> => Promise.resolve(undefined),
  put: (): Promise<void> => Promise.resolve(),
  delete: (): Promise<void> => Promise.resolve(),
};
