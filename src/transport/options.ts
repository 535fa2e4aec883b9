import {
  type Authorizer,
  createAuthorizer,
  createTokenCache,
  type CredentialProvider,
  type TokenCache,
} from "../auth/mod.ts";
import {
  type Clock,
  type Fetch,
  platformFetch,
  type Random,
  systemClock,
  systemRandom,
  type Upstream,
} from "../core/mod.ts";
import type { Observer } from "../observability/mod.ts";
import type { BreakerSettings } from "./breaker_state.ts";
import { NO_STORE } from "./no_store.ts";
import { decideRealm } from "./origin.ts";
import type { RetrySettings } from "./retry_plan.ts";
import type { ThrottleSettings, TimeoutSettings, TransportSettings } from "./settings.ts";
import { createTransportState, type TransportState } from "./state.ts";

/** What a transport is made of. Only `upstream` is needed. */
export interface TransportOptions {
  /** The registry this transport talks to. Its credentials go nowhere else. */
  readonly upstream: Upstream;
  /** The way out. Default is the runtime's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Default is none: anonymous. */
  readonly credentials?: CredentialProvider | undefined;
  /** Default is a cache that lives as long as this transport. */
  readonly tokens?: TokenCache | undefined;
  /**
   * Proves who asks in another way than registries want it; `credentials` and `tokens` are then not
   * used. Default answers challenges with them.
   */
  readonly authorizer?: Authorizer | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly observer?: Observer | undefined;
  /** Default is 4 tries, 250 ms doubling to 30 s, `Retry-After` up to 60 s. */
  readonly retry?: Partial<RetrySettings> | undefined;
  /** Default opens after 5 failures in a row, for 30 s, and closes after 2 good probes. */
  readonly breaker?: Partial<BreakerSettings> | undefined;
  /** Default is 10 slots, one more for small requests, 120 s in the queue. */
  readonly throttle?: Partial<ThrottleSettings> | undefined;
  /** Default is 30 s for headers, 120 s in total. */
  readonly timeouts?: Partial<TimeoutSettings> | undefined;
  /**
   * The way out for GETs whose answer is known to be large, 32 MiB or more, where there is a faster one
   * than `fetch`. Default is `fetch`.
   */
  readonly largeFetch?: Fetch | undefined;
  /** What outlives this transport. Default is fresh. */
  readonly state?: TransportState | undefined;
  /** Default is `tidegate`. Docker Hub refuses requests without one; browsers send their own. */
  readonly userAgent?: string | undefined;
}

const RETRY: RetrySettings = { attempts: 4, baseMs: 250, maximumMs: 30_000, retryAfterMs: 60_000 };
const BREAKER: BreakerSettings = { failureThreshold: 5, successThreshold: 2, resetMs: 30_000 };
const THROTTLE: ThrottleSettings = { concurrency: 10, smallReserve: 1, queueMs: 120_000 };
const TIMEOUTS: TimeoutSettings = { headersMs: 30_000, totalMs: 120_000 };

/**
 * Fill in the blanks, once.
 *
 * @throws {TypeError} For a number out of range, or options that contradict each other.
 */
export function resolveTransportOptions(options: TransportOptions): TransportSettings {
  const { upstream, fetch = platformFetch, clock = systemClock, random = systemRandom } = options;
  const { credentials, observer, state = createTransportState(), userAgent = "tidegate" } = options;
  const { tokens = createTokenCache({ kv: NO_STORE, clock, random }) } = options;
  const { largeFetch } = options;
  const timeouts = fill("timeouts", TIMEOUTS, options.timeouts);
  const authorizer = options.authorizer ?? createAuthorizer({
    upstream,
    credentials,
    tokens,
    exchange: fetch,
    realmPolicy: (realm, from) => decideRealm({ upstream, observer }, realm, from),
    clock,
    timeoutMs: timeouts.headersMs,
    observer,
  });
  return {
    upstream,
    fetch,
    largeFetch,
    authorizer,
    clock,
    random,
    observer,
    retry: fill("retry", RETRY, options.retry),
    breaker: fill("breaker", BREAKER, options.breaker),
    throttle: fill("throttle", THROTTLE, options.throttle),
    timeouts,
    state,
    userAgent,
  };
}

/** What counts tries, failures or slots: none would mean no request at all. */
const AT_LEAST_ONE = /attempts|Threshold|concurrency/;

function fill<T extends Record<keyof T, number>>(
  group: string,
  defaults: T,
  given: Partial<T> = {},
): T {
  const filled = { ...defaults };
  for (const key of Object.keys(defaults) as (keyof T & string)[]) {
    filled[key] = given[key] ?? defaults[key];
    const least = AT_LEAST_ONE.test(key) ? 1 : 0;
    if (!(filled[key] >= least)) throw new TypeError(`${group}.${key} must be at least ${least}`);
  }
  return filled;
}
