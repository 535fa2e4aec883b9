import {
  type Clock,
  type Fetch,
  type HasherFactory,
  platformFetch,
  type Random,
  type Send,
  systemClock,
  systemRandom,
  type Upstream,
} from "../core/mod.ts";
import {
  createSealer,
  createTokenCache,
  type CredentialProvider,
  type Sealer,
  type TokenCache,
} from "../auth/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { cacheApiKv, workersCache } from "../kv/cache_api_workerd.ts";
import {
  createManifestCache,
  type KvStore,
  layeredKv,
  type LayeredKvOptions,
  type ManifestCache,
  memoryKv,
} from "../kv/mod.ts";
import { workersKv } from "../kv/workers.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { FrontDoorSettings } from "../settings/mod.ts";
import {
  createTransport,
  createTransportState,
  stack,
  type TransportState,
} from "../transport/mod.ts";
import { someoneMay } from "./access.ts";
import { type CheckpointStore, memoryCheckpoints } from "./checkpoints.ts";
import type { DoorEnvironment } from "./env.ts";
import type { FrontDoorOptions } from "./options.ts";
import { guardCheckpoints } from "./guard_checkpoints.ts";
import { createPullReserve, type PullReserve } from "./pull_reserve.ts";
import { durableCheckpoints } from "./upload_checkpoint.ts";
import { bindCredentials } from "./upstream_credentials.ts";

/**
 * What outlives one request: settings, secrets, caches. Values only: a promise made for one Worker
 * request never settles in another.
 */
export interface DoorServices {
  readonly settings: FrontDoorSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly hasher: HasherFactory;
  readonly observer: Observer;
  /** Breaker counts and quiet times of every upstream. */
  readonly state: TransportState;
  /** By the upstream's name. */
  readonly credentials: ReadonlyMap<string, CredentialProvider>;
  readonly tokens: TokenCache;
  /** Absent where the configuration wants none. */
  readonly manifests: ManifestCache | undefined;
  /** The last pulls of each upstream, which nothing that is cached is asked for with. */
  readonly pulls: PullReserve;
  /** Seals uploads into their addresses. */
  readonly uploads: Sealer;
  readonly checkpoints: CheckpointStore;
}

/**
 * Bind settings to an environment.
 * @throws {TidegateError} CONFIGURATION when a secret is missing or unfit.
 */
export function createServices(
  settings: FrontDoorSettings,
  environment: DoorEnvironment,
  options: FrontDoorOptions,
): DoorServices {
  const { clock = systemClock, random = systemRandom, fetch = platformFetch } = options;
  const { hasher = createHasher, observer = () => {} } = options;
  const sealingKeys = settings.sealingKeys.map((reference) => environment.secret(reference));
  const shared = options.kv ?? (environment.tokens && workersKv(environment.tokens));
  // without keys of the operator's nothing leaves this isolate's memory
  const kv = tokenStore(sealingKeys.length > 0 ? shared : undefined, clock, observer);
  if (sealingKeys.length === 0 && someoneMay(settings.access, "push")) {
    observe(observer, { type: "sealing.unkeyed" });
  }
  return {
    ...{ settings, clock, random, fetch, hasher, observer },
    state: createTransportState(),
    credentials: bindCredentials(settings.upstreams, environment),
    tokens: createTokenCache({
      ...{ kv, clock, random, observer },
      ...(sealingKeys.length > 0 && { sealingKeys }),
    }),
    manifests: manifestCache(settings, options, clock, observer),
    pulls: createPullReserve({ size: settings.cache.pullReserve, clock, observer }),
    uploads: createSealer(sealingKeys, random, "session"),
    checkpoints: guardCheckpoints(
      options.checkpoints ?? bindCheckpoints(environment),
      { clock, observer },
    ),
  };
}

/** Most of it in memory goes to manifests of images: an isolate has 128 MiB for everything. */
const CACHE_MEMORY = { maxEntries: 8192, maxBytes: 16 * 1024 * 1024 };

function manifestCache(
  { cache: { staleIfErrorSeconds, tagTtlSeconds } }: FrontDoorSettings,
  options: FrontDoorOptions,
  clock: Clock,
  observer: Observer,
): ManifestCache | undefined {
  if (tagTtlSeconds === 0) return undefined;
  const near = memoryKv({ clock, ...CACHE_MEMORY });
  const shared = workersCache();
  const onError = reportStore(observer);
  const far = options.cache ?? (shared && cacheApiKv(shared));
  const kv = far === undefined ? near : layeredKv(near, far, { clock, slowMs: 500, onError });
  return createManifestCache({ kv, clock, tagTtlSeconds, staleIfErrorSeconds, onError });
}

function reportStore(observer: Observer): NonNullable<LayeredKvOptions["onError"]> {
  return (operation, error) => {
    const reason = error instanceof Error ? error.name : "unknown";
    observe(observer, { type: "kv.failed", operation, reason });
  };
}

function bindCheckpoints({ uploads }: DoorEnvironment): CheckpointStore {
  return uploads === undefined ? memoryCheckpoints() : durableCheckpoints(uploads);
}

function tokenStore(far: KvStore | undefined, clock: Clock, observer: Observer): KvStore {
  const near = memoryKv({ clock });
  if (far === undefined) return near;
  return layeredKv(near, far, { clock, onError: reportStore(observer) });
}

/**
 * A caller waits behind the door with a timeout of its own: a registry that asks for a long pause is
 * told on to the caller, which waits better.
 */
const RETRY = { attempts: 3, retryAfterMs: 5_000 };
const TIMEOUTS = { headersMs: 30_000, totalMs: 60_000 };

/** A registry may move a whole layer before it answers. What a body takes comes on top. */
const UPLOAD_TIMEOUTS = { headersMs: 90_000, totalMs: 180_000 };

/**
 * The way to one upstream, for one request.
 * @param isUpload Whether bytes go that way.
 */
export function sendTo(services: DoorServices, upstream: Upstream, isUpload = false): Send {
  const { clock, random, fetch, observer, pulls, state, tokens } = services;
  const credentials = services.credentials.get(upstream.name);
  const transport = createTransport({
    ...{ upstream, clock, random, fetch, observer, state, tokens, credentials },
    retry: RETRY,
    timeouts: isUpload ? UPLOAD_TIMEOUTS : TIMEOUTS,
  });
  return stack(transport, [pulls.layer(upstream)]);
}
