import { createTokenCache, type CredentialProvider, type TokenCache } from "../auth/mod.ts";
import type { RegistryClientOptions } from "../client/mod.ts";
import {
  type Clock,
  type Fetch,
  platformFetch,
  type Random,
  systemClock,
  systemRandom,
  type Upstream,
} from "../core/mod.ts";
import { memoryKv } from "../kv/mod.ts";
import type { Observer } from "../observability/mod.ts";
import {
  createTransportState,
  type TransportOptions,
  type TransportState,
} from "../transport/mod.ts";
import { accountCredentials, type AccountOptions } from "./credentials.ts";
import {
  apiUpstream,
  HUB_CHUNK_BYTES,
  HUB_ORIGIN,
  registryUpstream,
  SCOUT_ORIGIN,
} from "./hub_upstream.ts";
import { assertWait } from "./pull_batch.ts";
import type { PullLimitSettings } from "./pull_limits.ts";
import type { ScanSource } from "./scan_source.ts";

/** Where Docker Scout is asked, and as whom. */
export interface ScoutSettings {
  /** Default is `https://api.dso.docker.com`, which answers anybody about public images. */
  readonly origin?: string | undefined;
  /**
   * Send the login there too: for `https://api.scout.docker.com` and private images. Default is
   * `false`.
   */
  readonly withLogin?: boolean | undefined;
  readonly organization?: string | undefined;
}

/** What a Docker Hub client is made of. Everything has a default: then it is nobody's. */
export interface DockerHubClientOptions
  extends AccountOptions, Omit<RegistryClientOptions, "upstreams" | "credentials"> {
  /** Where the API is. Default is `https://hub.docker.com`. The account's secret goes there. */
  readonly hubOrigin?: string | undefined;
  /** Where the registry is. Default is `https://registry-1.docker.io`. */
  readonly registryOrigin?: string | undefined;
  /** Where the registry's tokens come from. Default is `https://auth.docker.io`. */
  readonly authOrigin?: string | undefined;
  /** Allow plain http to these origins elsewhere than on loopback. Default is `false`. */
  readonly insecure?: boolean | undefined;
  /** Most bytes of one chunk of an upload. Default is 5 MiB. */
  readonly chunkBytes?: number | undefined;
  /** How pull limits are kept. */
  readonly rateLimit?: Partial<PullLimitSettings> | undefined;
  /** Where Scout is asked; `false` for not at all. */
  readonly scout?: ScoutSettings | false | undefined;
  /** Sources of scans that are asked before Scout, attestations and referrers. */
  readonly scanSources?: readonly ScanSource[] | undefined;
}

/** {@linkcode DockerHubClientOptions} with every blank filled in. */
export interface HubSettings {
  readonly api: Upstream;
  readonly registry: Upstream;
  readonly scout: Upstream | undefined;
  readonly credentials: CredentialProvider | undefined;
  /** Of the API's own tokens. */
  readonly tokens: TokenCache;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
  readonly state: TransportState;
  readonly transport: NonNullable<RegistryClientOptions["transport"]>;
  readonly rateLimit: PullLimitSettings;
}

const RATE_LIMIT: PullLimitSettings = { lowThreshold: 10, waitMs: 0, track: true };

/**
 * Fill in the blanks, once.
 *
 * @throws {TidegateError} CONFIGURATION for an origin that is none, or plain http where that is not
 * allowed.
 * @throws {TypeError} For options that contradict each other or are out of range.
 */
export function resolveHubOptions(options: DockerHubClientOptions): HubSettings {
  const { clock = systemClock, random = systemRandom, sealingKeys, insecure } = options;
  const { chunkBytes = HUB_CHUNK_BYTES, scout } = options;
  const api = apiUpstream("hub.docker.com", options.hubOrigin ?? HUB_ORIGIN, insecure);
  if (!(Number.isSafeInteger(chunkBytes) && chunkBytes > 0)) {
    throw new TypeError("chunkBytes must be a whole number from 1");
  }
  const registry = registryUpstream({ ...options, chunkBytes });
  const kv = options.kv ?? memoryKv({ clock });
  return {
    api,
    registry,
    scout: scout === false
      ? undefined
      : apiUpstream("scout", scout?.origin ?? SCOUT_ORIGIN, insecure),
    credentials: accountCredentials(options, [api, registry]),
    tokens: createTokenCache({ kv, ...(sealingKeys && { sealingKeys }), clock, random }),
    fetch: options.fetch ?? platformFetch,
    clock,
    random,
    observer: options.observer,
    state: options.state ?? createTransportState(),
    transport: options.transport ?? {},
    rateLimit: readRateLimitSettings(options.rateLimit),
  };
}

function readRateLimitSettings(given: Partial<PullLimitSettings> = {}): PullLimitSettings {
  const settings = {
    lowThreshold: given.lowThreshold ?? RATE_LIMIT.lowThreshold,
    waitMs: given.waitMs ?? RATE_LIMIT.waitMs,
    track: given.track ?? RATE_LIMIT.track,
  };
  assertWait(settings.waitMs);
  if (!(settings.lowThreshold >= 0)) throw new TypeError("lowThreshold must be 0 or more");
  return settings;
}

/** What every transport of a client has in common. */
export function transportOptions(
  { fetch, clock, random, observer, state, transport }: HubSettings,
  upstream: Upstream,
): TransportOptions {
  return { ...transport, fetch, clock, random, observer, state, upstream };
}
