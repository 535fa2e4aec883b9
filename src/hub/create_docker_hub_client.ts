import { type Authorizer, rememberCredentials } from "../auth/mod.ts";
import {
  type CallOptions,
  createRegistryClient,
  type PulledManifest,
  type RegistryClient,
} from "../client/mod.ts";
import { Secret } from "../core/mod.ts";
import { parseReference, type Reference } from "../reference/mod.ts";
import { createTransport } from "../transport/mod.ts";
import { createHubApi, type HubApi, sessionAuthorizer } from "./api.ts";
import type { ApiRateLimit } from "./api_rate_limit.ts";
import { attestationScans, referrerScans } from "./attestation_scans.ts";
import { bindRegistry } from "./bind_registry.ts";
import { checkHealth, type HubHealth } from "./health.ts";
import { assertHub } from "./hub_name.ts";
import {
  type DockerHubClientOptions,
  type HubSettings,
  resolveHubOptions,
  transportOptions,
} from "./options.ts";
import { type BatchPull, pullBatch, type PullBatchOptions } from "./pull_batch.ts";
import { createPullLimits, type PullLimits, type RateLimitStatus } from "./pull_limits.ts";
import { type HubRepositoryOperations, repositoryOperations } from "./repositories.ts";
import type { ScanSource } from "./scan_source.ts";
import { type HubScanOperations, scanOperations } from "./scans.ts";
import { scoutScans } from "./scout_scans.ts";
import { searchHub, type SearchOptions, type SearchResult } from "./search.ts";
import { createSession, type Session } from "./session.ts";
import type { SessionPhase } from "./session_state.ts";
import { type HubTagOperations, tagOperations } from "./tags.ts";

/** How to log in. */
export interface LoginOptions extends CallOptions {
  /** The second step for an account with two factors: what TWO_FACTOR_REQUIRED carries… */
  readonly loginToken?: Secret | undefined;
  /** …and the code that the user's device shows. */
  readonly code?: string | undefined;
}

/** Where the login to the API stands. */
export interface HubLogin {
  readonly phase: SessionPhase;
  /** When its token ends, in milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** What is known of both limits. */
export interface HubRateLimitStatus extends RateLimitStatus {
  /** Calls of the API, counted apart; `undefined` until it was called. */
  readonly api: ApiRateLimit | undefined;
}

/** Docker Hub: its registry, and its API beside it. */
export interface DockerHubClient extends RegistryClient {
  /**
   * Log in to the API now. It also happens by itself when a call needs it, so this is for finding
   * out early, and for the second step of an account with two factors.
   *
   * @throws {TidegateError} TWO_FACTOR_REQUIRED, with the token for the second step; UNAUTHORIZED;
   * CREDENTIALS without an account; TOKEN_EXPIRED…
   * @throws {TypeError} For a code without `loginToken`, or the other way round.
   */
  login(options?: LoginOptions): Promise<HubLogin>;
  /** Where the login stands. No I/O. */
  loginStatus(): HubLogin;
  readonly repositories: HubRepositoryOperations;
  readonly tags: HubTagOperations;
  /** Search: see {@linkcode searchHub}. */
  search(query: string, options?: SearchOptions): AsyncIterable<SearchResult>;
  readonly scans: HubScanOperations;
  /** How many pulls and calls are left, as far as is known. No I/O. */
  rateLimitStatus(): HubRateLimitStatus;
  /** The same after asking, by a HEAD that counts as no pull. */
  refreshRateLimit(options?: CallOptions): Promise<HubRateLimitStatus>;
  /** Pull images one after the other within the limit: see {@linkcode PullBatchOptions}. */
  pullBatch<T = PulledManifest>(
    images: Iterable<Reference> | AsyncIterable<Reference>,
    options?: PullBatchOptions<T>,
  ): AsyncIterable<BatchPull<T>>;
  /** Whether tokens can be had and the registry answers. Never throws but for its signal. */
  health(options?: CallOptions): Promise<HubHealth>;
}

/** The image by which Docker lets anybody ask for the limit. */
const PREVIEW = "docker.io/ratelimitpreview/test:latest";

/**
 * Make a client for Docker Hub: everything of the registry client, for references to `docker.io`
 * alone, and the API of `hub.docker.com`.
 *
 * Cheap, and does no I/O. In a Worker make one per request; `kv` and `state` may be shared.
 *
 * @example
 * ```ts
 * import { createDockerHubClient } from "tidegate/hub";
 * const hub = createDockerHubClient({ username: "ann", accessToken: "dckr_pat_…" });
 * for await (const repository of hub.repositories.list("acme")) console.log(repository.name);
 * ```
 *
 * @throws {TidegateError} CONFIGURATION for an origin that is none.
 * @throws {TypeError} For options that contradict each other or are out of range.
 */
export function createDockerHubClient(options: DockerHubClientOptions = {}): DockerHubClient {
  const settings = resolveHubOptions(options);
  const session = openSession(settings);
  const api = openApi(settings, session);
  const limits = openLimits(settings);
  const plain = createRegistryClient({
    ...options,
    credentials: settings.credentials,
    state: settings.state,
    fetch: limits.guard(settings.fetch),
    upstreams: [settings.registry],
  });
  const registry = bindRegistry(plain, limits, settings.rateLimit.waitMs);
  const refresh = (ref: Reference, options: CallOptions = {}): Promise<unknown> =>
    plain.rateLimit(ref, options);
  const loginStatus = (): HubLogin => ({ phase: session.phase(), expiresAt: session.expiresAt() });
  const rateLimitStatus = (): HubRateLimitStatus => ({ ...limits.status(), api: api.rateLimit() });
  const refreshRateLimit = async (options?: CallOptions): Promise<HubRateLimitStatus> => {
    await refresh(parseReference(PREVIEW), options);
    return rateLimitStatus();
  };
  return {
    ...registry,
    async login({ loginToken, code, signal } = {}): Promise<HubLogin> {
      if ((loginToken === undefined) !== (code === undefined)) {
        throw new TypeError("loginToken and code go together");
      }
      if (loginToken === undefined || code === undefined) await session.logIn(signal);
      else await session.logInWithCode(loginToken, code, signal);
      return loginStatus();
    },
    loginStatus,
    repositories: repositoryOperations(api),
    tags: tagOperations(api, registry.tags),
    search: (query, options) => searchHub(api, query, options),
    scans: scanOperations(
      {
        ...{ registry, observer: settings.observer, platform: options.platform },
        upstream: settings.registry.name,
      },
      scanSources(settings, options, session),
    ),
    rateLimitStatus,
    refreshRateLimit,
    pullBatch<T = PulledManifest>(
      images: Iterable<Reference> | AsyncIterable<Reference>,
      batch: PullBatchOptions<T> = {},
    ): AsyncIterable<BatchPull<T>> {
      // without `pull`, T is what it is by default
      const pull = batch.pull ?? registry.manifests.get as NonNullable<typeof batch.pull>;
      const context = { limits, clock: settings.clock, refresh };
      return pullBatch(context, images, async (ref, at) => await pull(assertHub(ref), at), batch);
    },
    health: (options) =>
      checkHealth(settings.clock, async (signal) => {
        if (settings.credentials !== undefined) await session.token(signal);
        return await refreshRateLimit({ signal });
      }, options),
  };
}

function openSession(settings: HubSettings): Session {
  const { api: upstream, clock, observer, tokens } = settings;
  const credentials = settings.credentials && rememberCredentials(settings.credentials);
  const authorizer = { ...NOBODY, ...(credentials && { secrets: credentials.secrets }) };
  const send = createTransport({ ...transportOptions(settings, upstream), authorizer });
  const exchange = { origin: upstream.origin, send, clock };
  return createSession({ upstream, credentials, tokens, exchange, clock, observer });
}

function openApi(
  settings: HubSettings,
  session: Session,
  upstream = settings.api,
): HubApi {
  const { clock, observer } = settings;
  const authorizer = sessionAuthorizer(session, upstream);
  const send = createTransport({ ...transportOptions(settings, upstream), authorizer });
  return createHubApi({ upstream, session, send, clock, observer });
}

/** The login itself proves nothing before it is made. */
const NOBODY: Authorizer = {
  authorization: () => Promise.resolve(undefined),
  answer: () => Promise.resolve(undefined),
};

/** A session of nobody: for hosts that the login is not meant for. */
const ANONYMOUS: Session = {
  phase: () => "signed-out",
  expiresAt: () => undefined,
  current: () => undefined,
  token: () => Promise.resolve(undefined),
  logIn: () => Promise.resolve(),
  logInWithCode: () => Promise.resolve(),
  refuse: () => Promise.resolve(),
  secrets: () => [],
};

function openLimits(settings: HubSettings): PullLimits {
  const { registry, clock, observer, credentials, rateLimit, transport } = settings;
  return createPullLimits({
    origin: registry.origin,
    upstream: registry.name,
    settings: rateLimit,
    clock,
    observer,
    hasCredentials: credentials !== undefined,
    isAuthenticated: async () => await credentials?.get(registry) !== undefined,
    retryAfterMs: transport.retry?.retryAfterMs ?? 60_000,
  });
}

function scanSources(
  settings: HubSettings,
  { scanSources = [], scout }: DockerHubClientOptions,
  session: Session,
): readonly ScanSource[] {
  const given = scout === false ? undefined : scout;
  const login = given?.withLogin === true ? session : ANONYMOUS;
  const { scout: upstream } = settings;
  const asked = upstream === undefined ? [] : [
    scoutScans({ api: openApi(settings, login, upstream), organization: given?.organization }),
  ];
  return [...scanSources, ...asked, attestationScans(), referrerScans()];
}
