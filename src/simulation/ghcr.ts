import type { Clock } from "../core/mod.ts";
import { errorReply } from "./error_body.ts";
import { createRegistry } from "./registry.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { RegistryQuirks } from "./quirks.ts";
import type { RegistrySettings } from "./registry_state.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { createTokenService } from "./token_service.ts";
import type { SimulatedTokenService, TokenSettings } from "./token_service.ts";

/** GHCR: a registry with its token service on the same host. */
export interface SimulatedGhcr extends SimulatedRegistry {
  /** What answers at `/token`. */
  readonly tokens: SimulatedTokenService;
}

/** How a simulated GHCR is set up. Its quirks are {@linkcode GHCR_QUIRKS} unless others are given. */
export interface GhcrSettings extends Partial<Omit<RegistrySettings, "auth">> {
  /** Users, rights and lifetimes of its token service. Default is nobody, who may pull. */
  readonly tokens?: Partial<TokenSettings>;
}

/** What GHCR does other than the spec says, as its users have seen it. */
export const GHCR_QUIRKS: RegistryQuirks = {
  notFoundRedirect: "https://github.com/-/v2/packages/container/package/simulated",
  largestChunk: 4 * 1024 * 1024,
  manifestDelete: 405,
  tagDelete: 405,
  blobDelete: 405,
};

/**
 * Create a GHCR with no packages: 4 MiB for each PATCH, no referrers API, 303 to github.com for what is
 * not there, no deletions, tokens as `text/plain` without `expires_in`, and 403 without a challenge
 * for bad credentials.
 */
export function createGhcr(
  origin: string,
  { clock, random, tokens: tokenSettings, ...settings }:
    & { clock: Clock; random: SeededRandom }
    & GhcrSettings,
): SimulatedGhcr {
  const tokens = createTokenService(origin, {
    clock,
    random,
    contentType: "text/plain; charset=utf-8",
    expiresIn: "omit",
    post: 405,
    ...tokenSettings,
  });
  const registry = createRegistry(origin, {
    clock,
    random,
    quirks: GHCR_QUIRKS,
    referrers: 404,
    push: {},
    auth: { mode: "bearer", tokens, forbids: true },
    ...settings,
  });
  const answer = registry.handle;
  const handle = async (request: SimulatedRequest): Promise<Reply> => {
    tokens.address = registry.address;
    const { pathname } = new URL(request.url);
    return pathname === "/token" ? await tokenReply(tokens, request) : await answer(request);
  };
  return Object.assign(registry, { tokens, handle });
}

async function tokenReply(
  tokens: SimulatedTokenService,
  request: SimulatedRequest,
): Promise<Reply> {
  const reply = await tokens.handle(request);
  const isBad = reply.status === 401 && request.headers.has("authorization");
  return isBad ? errorReply("DENIED", "denied") : reply;
}
