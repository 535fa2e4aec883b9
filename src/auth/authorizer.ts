import {
  abortable,
  type Clock,
  type Fetch,
  isTransient,
  type RegistryRequest,
  type RegistryResponse,
  type Upstream,
} from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { chooseChallenge, followableScopes, isInsufficientScope } from "./choose_challenge.ts";
import { anonymousCredentials, type Credential, type CredentialProvider } from "./credential.ts";
import { pingChallenges, type RealmPolicy } from "./fetch_token.ts";
import { rememberCredentials } from "./remember_credentials.ts";
import { mergeScopes } from "./scope.ts";
import type { Token } from "./token.ts";
import type { KnownChallenge, TokenCache } from "./token_cache.ts";
import { basicHeader } from "./token_request.ts";
import {
  type BearerChallenge,
  createTokenSource,
  type TokenSource,
  type TokenSourceOptions,
} from "./token_source.ts";

/** Knows what to put into `Authorization` for one upstream. */
export interface Authorizer {
  /**
   * The header for a request about to be sent, when it is known without asking the registry.
   *
   * @returns The value of `Authorization`; undefined to send none and see.
   */
  authorization(request: RegistryRequest): Promise<string | undefined>;
  /**
   * The header for one more try after a 401 or 403. May be called again for what that try brings: it
   * ends by itself after at most three.
   *
   * @param request The request as it was given to `authorization`: the same object.
   * @param response What came back. Its body is not touched.
   * @param sent The `Authorization` that went with it.
   * @returns A header to try; undefined to let the response stand.
   */
  answer(
    request: RegistryRequest,
    response: Pick<RegistryResponse, "status" | "headers" | "url">,
    sent: string | undefined,
  ): Promise<string | undefined>;
  /**
   * The secrets behind the headers, which servers may repeat: they are taken out of what is quoted.
   * Default is none but what the headers hold.
   */
  secrets?(): readonly string[];
}

/** Options of {@linkcode createAuthorizer}. */
export interface AuthorizerOptions {
  readonly upstream: Upstream;
  /** Default is nobody's. */
  readonly credentials?: CredentialProvider | undefined;
  readonly tokens: TokenCache;
  /** Reaches token endpoints. Must not follow redirects by itself. */
  readonly exchange: Fetch;
  /** Judges every token endpoint, at every use. */
  readonly realmPolicy: RealmPolicy;
  readonly clock: Clock;
  /** Longest wait for a token, in milliseconds. Default is 30 000. */
  readonly timeoutMs?: number;
  readonly observer?: Observer | undefined;
}

/** Most tries after the first: a stale token, a fresh one, one with the scopes that the server names. */
const MAX_ANSWERS = 3;

/** How far one request has come. */
interface Progress {
  readonly scopes: readonly string[];
  answers: number;
  /** The token sent last was fetched for this very request: fetching it again would not help. */
  isFresh: boolean;
  /** The scopes that the server named have been tried. */
  hasFollowed: boolean;
  /** The challenge that the above is about: another one starts anew. */
  challenge: KnownChallenge | undefined;
  /** Why there is no token for that challenge: asking again would present a refused password twice. */
  refusal: Error | undefined;
}

function begin(request: RegistryRequest): Progress {
  let scopes: readonly string[] | undefined;
  return {
    get scopes(): readonly string[] {
      return scopes ??= mergeScopes(request.scopes); // where nobody asks for a token they are of no use
    },
    answers: 0,
    isFresh: false,
    hasFollowed: false,
    challenge: undefined,
    refusal: undefined,
  };
}

/**
 * Authorise the requests of one upstream.
 *
 * A credential is sent only to the upstream's own origin after it asked for Basic, or to a token
 * endpoint that the policy trusts with it; where the policy does not, that is an error, never a silent
 * try without. Nobody's requests ask any endpoint that the policy permits.
 *
 * A token is asked for with the request's own scopes. Where the registry refuses such a token and
 * names other scopes, these are tried once, if they ask for no more (see `followableScopes`). A token
 * that is refused is dropped and fetched anew once. What the registry answered without a token is
 * remembered in `tokens`, so that another process fetches one without being refused first.
 *
 * Lives inside one Worker request: waiting requests share the fetch of a token, and a promise must
 * not cross Worker requests. `tokens` may be shared.
 *
 * Both methods reject with what the token endpoint's failure is (UNAUTHORIZED, FORBIDDEN,
 * RATE_LIMITED, SERVER_ERROR, NETWORK_ERROR, NETWORK_TIMEOUT, INVALID_RESPONSE…), with CREDENTIALS
 * from the provider, and with ORIGIN_NOT_TRUSTED.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { upstream, tokens, observer } = options;
  const { timeoutMs = 30_000 } = options;
  const credentials = rememberCredentials(options.credentials ?? anonymousCredentials);
  const settled = { ...options, credentials, timeoutMs, observer };
  const source = createTokenSource(settled);
  const challenges = createChallengeMemory(upstream, tokens);
  const context: Context = { ...settled, source, challenges };
  const progress = new WeakMap<RegistryRequest, Progress>();
  const isOwn = (url: string): boolean => new URL(url).origin === upstream.origin;

  return {
    async authorization(request: RegistryRequest): Promise<string | undefined> {
      const state = begin(request);
      progress.set(request, state);
      if (!isOwn(request.url)) return undefined;
      const known = await challenges.get();
      if (known === undefined) return undefined;
      return await abortable(preempt(context, known, state), request.signal);
    },
    async answer(request, response, sent): Promise<string | undefined> {
      const { status, url } = response;
      if (!isOwn(url) || (status !== 401 && status !== 403)) return undefined;
      const state = progress.get(request) ?? begin(request);
      progress.set(request, state);
      if (state.answers++ >= MAX_ANSWERS) return undefined;
      const next = status === 401
        ? answerChallenge(context, response, sent, state)
        : answerDenial(context, request, sent, state);
      const header = await abortable(next, request.signal);
      return header === sent ? undefined : header;
    },
    secrets: credentials.secrets,
  };
}

interface Context extends TokenSourceOptions {
  readonly source: TokenSource;
  readonly challenges: ChallengeMemory;
}

/** Before the first try: only what needs no guess. A failure that may pass is reported, others are not. */
async function preempt(
  context: Context,
  known: KnownChallenge,
  state: Progress,
): Promise<string | undefined> {
  const credential = await context.source.credential(state.scopes);
  if (known.scheme === "basic") {
    return credential?.kind === "basic" ? basicHeader(credential) : undefined;
  }
  if (credential?.kind === "bearer") return bearerHeader(credential.token);
  state.challenge = known;
  try {
    return await tokenHeader(context, known, state);
  } catch (error) {
    if (isTransient(error) || !(error instanceof Error)) throw error;
    state.refusal = error;
    await context.challenges.forget(); // what was true may have changed: let the registry say it again
    return undefined;
  }
}

/** With a token that is already here, or else a fresh one. */
async function tokenHeader(
  { source }: Context,
  challenge: BearerChallenge,
  state: Progress,
): Promise<string> {
  const held = await source.held(state.scopes);
  state.isFresh = held === undefined;
  return bearerHeader((held ?? await source.fetch(challenge, state.scopes)).value);
}

async function answerChallenge(
  context: Context,
  response: Pick<RegistryResponse, "headers" | "url">,
  sent: string | undefined,
  state: Progress,
): Promise<string | undefined> {
  const credential = await context.source.credential(state.scopes);
  const offered = await readOffered(context, response);
  const chosen = chooseChallenge(offered, credential, response.url);
  if (chosen === undefined) return undefined;
  await context.challenges.set(chosen);
  if (!isSameChallenge(chosen, state.challenge)) {
    Object.assign(state, { challenge: chosen, isFresh: false, refusal: undefined });
  }
  if (state.refusal !== undefined) throw state.refusal;
  if (chosen.scheme === "basic" || credential?.kind === "bearer") {
    return await presentDirectly(context, credential, sent);
  }
  if (sent === undefined) return await tokenHeader(context, chosen, state);
  return await replaceToken(context, chosen, offered, sent, state);
}

/** Some registries (GCR) refuse without saying how to get in; `/v2/` says it. */
async function readOffered(
  context: Context,
  response: Pick<RegistryResponse, "headers">,
): Promise<readonly Challenge[]> {
  const header = response.headers.get("www-authenticate");
  if (header !== null) return parseChallenges(header);
  return await pingChallenges(context.upstream.origin, context);
}

/** A credential that goes to the registry itself; refused, the provider may have another. */
async function presentDirectly(
  { source }: Context,
  credential: Credential | undefined,
  sent: string | undefined,
): Promise<string | undefined> {
  if (credential === undefined) return undefined;
  const header = directHeader(credential);
  if (header !== sent) return header;
  const next = await source.replaceCredential(credential, 401);
  return next && directHeader(next);
}

/** The token that was sent is no good: fetch it anew, or with the scopes that the server names. */
async function replaceToken(
  context: Context,
  challenge: BearerChallenge,
  offered: readonly Challenge[],
  sent: string,
  state: Progress,
): Promise<string | undefined> {
  const { source, observer, upstream } = context;
  const { scopes } = state;
  const isInsufficient = isInsufficientScope(offered);
  observe(observer, {
    type: "token.rejected",
    upstream: upstream.name,
    scopes,
    reason: isInsufficient ? "insufficient scope" : "refused",
  });
  await source.drop(scopes, sent.replace(/^Bearer /, ""));
  const named = state.hasFollowed ? undefined : followableScopes(offered, scopes);
  if (named !== undefined && (isInsufficient || state.isFresh)) {
    state.hasFollowed = true;
    state.isFresh = true;
    return bearerHeader((await source.fetch(challenge, scopes, named)).value);
  }
  if (state.isFresh) return undefined;
  return await tokenHeader(context, challenge, state); // a waiting request may have fetched one
}

/** GHCR answers 403 to bad credentials, for public images too: such a pull is tried as nobody. */
async function answerDenial(
  context: Context,
  request: RegistryRequest,
  sent: string | undefined,
  state: Progress,
): Promise<string | undefined> {
  const { source, challenges } = context;
  const isPull = request.method === "GET" || request.method === "HEAD";
  if (sent === undefined || !isPull) return undefined;
  const credential = await source.credential(state.scopes);
  const known = await challenges.get();
  if (credential === undefined || known?.scheme !== "bearer") return undefined;
  return source.goAnonymous(state.scopes) ? await tokenHeader(context, known, state) : undefined;
}

function directHeader(credential: Credential): string | undefined {
  return credential.kind === "bearer" ? bearerHeader(credential.token) : basicHeader(credential);
}

function bearerHeader(value: Token["value"]): string {
  return `Bearer ${value.reveal()}`;
}

function isSameChallenge(a: KnownChallenge, b: KnownChallenge | null | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What the upstream said last, in memory before the cache; the cache is asked once. */
interface ChallengeMemory {
  get(): Promise<KnownChallenge | undefined>;
  set(challenge: KnownChallenge): Promise<void>;
  forget(): Promise<void>;
}

function createChallengeMemory(upstream: Upstream, tokens: TokenCache): ChallengeMemory {
  let known: KnownChallenge | null | undefined; // null: there is none, undefined: not asked yet
  return {
    async get(): Promise<KnownChallenge | undefined> {
      if (known === undefined) {
        const stored = await tokens.getChallenge(upstream);
        known ??= stored ?? null;
      }
      return known ?? undefined;
    },
    async set(challenge): Promise<void> {
      const isNew = !isSameChallenge(challenge, known);
      known = challenge;
      if (isNew) await tokens.putChallenge(upstream, challenge);
    },
    async forget(): Promise<void> {
      known = null;
      await tokens.deleteChallenge(upstream);
    },
  };
}
