import type { Authorizer } from "../auth/mod.ts";
import type { Clock, Fetch, Random, Upstream } from "../core/mod.ts";
import type { Observer } from "../observability/mod.ts";
import type { BreakerSettings } from "./breaker_state.ts";
import type { RetrySettings } from "./retry_plan.ts";
import type { SlotLimits } from "./slots.ts";
import type { TransportState } from "./state.ts";

/** Bounds on waiting, in milliseconds. */
export interface TimeoutSettings {
  /** Longest wait for the headers of one exchange. What a request body needs comes on top. */
  readonly headersMs: number;
  /**
   * Longest time until a request has its final headers: tries, waits, hops and tokens together. What
   * a request body needs comes on top.
   */
  readonly totalMs: number;
}

/** How many requests at once, of each kind, and how long one waits for its turn. */
export interface ThrottleSettings extends SlotLimits {
  /** Longest wait for a free slot, in milliseconds. */
  readonly queueMs: number;
}

/** {@linkcode TransportOptions} with every blank filled in. All layers read this. */
export interface TransportSettings {
  readonly upstream: Upstream;
  readonly fetch: Fetch;
  readonly largeFetch?: Fetch | undefined;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
  readonly retry: RetrySettings;
  readonly breaker: BreakerSettings;
  readonly throttle: ThrottleSettings;
  readonly timeouts: TimeoutSettings;
  readonly state: TransportState;
  readonly userAgent: string;
}
