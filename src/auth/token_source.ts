import {
  type Clock,
  encodeUtf8,
  type Fetch,
  isTidegateError,
  originNotTrusted,
  timingSafeEqual,
  type Upstream,
} from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { type Credential, type CredentialProvider } from "./credential.ts";
import { credentialParts } from "./credential_parts.ts";
import { fetchToken, type RealmPolicy } from "./fetch_token.ts";
import { createRefusedTokens } from "./refused_tokens.ts";
import { parseScope } from "./scope.ts";
import { isUsable, type Token } from "./token.ts";
import type { KnownChallenge, TokenCache, TokenKey } from "./token_cache.ts";

/** What a {@linkcode TokenSource} works with. */
export interface TokenSourceOptions {
  readonly upstream: Upstream;
  readonly credentials: CredentialProvider;
  readonly tokens: TokenCache;
  readonly exchange: Fetch;
  readonly realmPolicy: RealmPolicy;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly observer: Observer | undefined;
}

/** A Bearer challenge. */
export type BearerChallenge = KnownChallenge & { readonly scheme: "bearer" };

/** Tokens of one upstream: remembered, stored, or fetched; each fetched once however many wait. */
export interface TokenSource {
  /** The credential in force for these scopes: none once the registry has denied it for pulls. */
  credential(scopes: readonly string[]): Promise<Credential | undefined>;
  /** The registry refused the credential. A different one that the provider then has is returned. */
  replaceCredential(refused: Credential, status: number): Promise<Credential | undefined>;
  /** Go on without credentials for pulls, if the upstream's profile says so. */
  goAnonymous(scopes: readonly string[]): boolean;
  /** A usable token that is already here. */
  held(scopes: readonly string[]): Promise<Token | undefined>;
  /**
   * A new token, or the one that somebody else has fetched since `held` found none.
   *
   * @param scopes What the request needs: the name under which the token is kept.
   * @param ask What the endpoint is asked for. Default is the same.
   */
  fetch(
    challenge: BearerChallenge,
    scopes: readonly string[],
    ask?: readonly string[],
  ): Promise<Token>;
  /** Forget a token that the registry refused. */
  drop(scopes: readonly string[], value: string): Promise<void>;
}

/** @see {@linkcode TokenSource} */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { upstream, credentials, tokens, clock, observer } = options;
  const held = new Map<string, Token>();
  const refused = createRefusedTokens();
  const flights = new Map<string, Promise<Token>>(); // lives as long as one authorizer
  let isDenied = false;

  const credential = (scopes: readonly string[]): Promise<Credential | undefined> =>
    isDenied && isPullOnly(scopes) ? Promise.resolve(undefined) : credentials.get(upstream);
  const usable = (id: string): Token | undefined => {
    const token = held.get(id);
    return token !== undefined && isUsable(token, clock.now()) ? token : undefined;
  };
  const heldId = (scopes: readonly string[]): string =>
    JSON.stringify([isDenied && isPullOnly(scopes), [...scopes].sort()]);
  const keyOf = async (scopes: readonly string[]): Promise<TokenKey> => ({
    upstream,
    provider: credentials.id,
    credential: await credential(scopes),
    scopes,
  });

  const source: TokenSource = {
    credential,
    async replaceCredential(refused, status): Promise<Credential | undefined> {
      const event = { upstream: upstream.name, credential: credentials.id, status };
      observe(observer, { type: "credential.rejected", ...event });
      await credentials.invalidate?.(upstream);
      const next = await credentials.get(upstream);
      return next && !isSameCredential(next, refused) ? next : undefined;
    },
    goAnonymous(scopes): boolean {
      if (upstream.profile.anonymousAfterDenied !== true || !isPullOnly(scopes)) return false;
      isDenied = true;
      return true;
    },
    async held(scopes): Promise<Token | undefined> {
      const id = heldId(scopes);
      const near = usable(id);
      if (near !== undefined) return near;
      const stored = await tokens.get(await keyOf(scopes));
      const later = usable(id); // somebody else has fetched one meanwhile
      if (later !== undefined) return later;
      if (stored === undefined || refused.has(id, stored)) return undefined;
      held.set(id, stored);
      observe(observer, { type: "token.reused", upstream: upstream.name, scopes });
      return stored;
    },
    async fetch(challenge, scopes, ask = scopes): Promise<Token> {
      const near = ask === scopes ? usable(heldId(scopes)) : undefined;
      if (near !== undefined) return near;
      const id = JSON.stringify([heldId(scopes), challenge, ask]);
      const flight = flights.get(id) ??
        fetchAndKeep(challenge, scopes, ask).finally(() => flights.delete(id));
      flights.set(id, flight);
      return await flight;
    },
    async drop(scopes, value): Promise<void> {
      for (const [id, token] of held) if (token.value.reveal() === value) held.delete(id);
      const remove = async (): Promise<void> => await forget(tokens, await keyOf(scopes), value);
      await refused.add(heldId(scopes), value, remove);
    },
  };

  async function fetchAndKeep(
    challenge: BearerChallenge,
    scopes: readonly string[],
    ask: readonly string[],
  ): Promise<Token> {
    const token = await exchangeWithRetry(options, source, challenge, scopes, ask);
    const id = heldId(scopes);
    held.set(id, token);
    await refused.gone(id);
    refused.forgive(id, token);
    await tokens.put(await keyOf(scopes), token);
    return token;
  }

  return source;
}

/** Another process may have put a good one in its place. */
async function forget(tokens: TokenCache, key: TokenKey, value: string): Promise<void> {
  const stored = await tokens.get(key);
  if (stored?.value.reveal() === value) await tokens.delete(key);
}

/** A refused credential: another one from the provider, or none, each at most once. */
async function exchangeWithRetry(
  options: TokenSourceOptions,
  source: TokenSource,
  challenge: BearerChallenge,
  scopes: readonly string[],
  ask: readonly string[],
): Promise<Token> {
  const first = await source.credential(scopes);
  try {
    return await exchangeOnce(options, challenge, ask, first);
  } catch (error) {
    if (first === undefined || !isRefusal(error)) throw error;
    const next = await source.replaceCredential(first, error.details.status);
    const isNobody = next === undefined;
    if (isNobody && !(error.code === "FORBIDDEN" && source.goAnonymous(scopes))) throw error;
    return await exchangeOnce(options, challenge, ask, next);
  }
}

async function exchangeOnce(
  options: TokenSourceOptions,
  { realm, service }: BearerChallenge,
  scopes: readonly string[],
  credential: Credential | undefined,
): Promise<Token> {
  const { upstream, clock, observer } = options;
  const { token, ...way } = await fetchToken(realm, { service, scopes, credential }, {
    ...options,
    refuse: (url) => withhold(options, url),
  });
  observe(observer, {
    type: "token.fetched",
    upstream: upstream.name,
    scopes,
    ...way,
    anonymous: credential === undefined,
    lifetimeSeconds: Math.round((token.expiresAt - clock.now()) / 1000),
  });
  return token;
}

/** The endpoint may be asked, but not with the credential: what the policy did not refuse itself. */
function withhold({ upstream, observer }: TokenSourceOptions, url: string): Error {
  const error = originNotTrusted("realm", upstream, new URL(url).origin);
  observe(observer, { type: "origin.refused", upstream: upstream.name, ...error.details });
  return error;
}

function isRefusal(error: unknown): error is Error & {
  code: "UNAUTHORIZED" | "FORBIDDEN";
  details: { status: number };
} {
  return isTidegateError(error, "UNAUTHORIZED") || isTidegateError(error, "FORBIDDEN");
}

function isPullOnly(scopes: readonly string[]): boolean {
  return scopes.map(parseScope).every(({ actions }) => actions.join() === "pull");
}

/** Equal in kind, name and secret. */
export function isSameCredential(a: Credential, b: Credential): boolean {
  const bytesOf = (x: Credential): Uint8Array => encodeUtf8(JSON.stringify(credentialParts(x)));
  return timingSafeEqual(bytesOf(a), bytesOf(b));
}
