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
import { createTokenCache, type CredentialProvider, type TokenCache } from "../auth/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { type KvStore, layeredKv, memoryKv } from "../kv/mod.ts";
import { workersKv } from "../kv/workers.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { FrontDoorSettings } from "../settings/mod.ts";
import { createTransport, createTransportState, type TransportState } from "../transport/mod.ts";
import type { DoorEnvironment } from "./env.ts";
import type { FrontDoorOptions } from "./options.ts";
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
  return {
    ...{ settings, clock, random, fetch, hasher, observer },
    state: createTransportState(),
    credentials: bindCredentials(settings.upstreams, environment),
    tokens: createTokenCache({
      ...{ kv, clock, random, observer },
      ...(sealingKeys.length > 0 && { sealingKeys }),
    }),
  };
}

function tokenStore(far: KvStore | undefined, clock: Clock, observer: Observer): KvStore {
  const near = memoryKv({ clock });
  if (far === undefined) return near;
  return layeredKv(near, far, {
    clock,
    onError: (operation, error) => {
      const reason = error instanceof Error ? error.name : "unknown";
      observe(observer, { type: "kv.failed", operation, reason });
    },
  });
}

/**
 * A caller waits behind the door with a timeout of its own: a registry that asks for a long pause is
 * told on to the caller, which waits better.
 */
const RETRY = { attempts: 3, retryAfterMs: 5_000 };
const TIMEOUTS = { headersMs: 30_000, totalMs: 60_000 };

/** The way to one upstream, for one request. */
export function sendTo(services: DoorServices, upstream: Upstream): Send {
  const { clock, random, fetch, observer, state, tokens } = services;
  const credentials = services.credentials.get(upstream.name);
  return createTransport({
    ...{ upstream, clock, random, fetch, observer, state, tokens, credentials },
    retry: RETRY,
    timeouts: TIMEOUTS,
  });
}
