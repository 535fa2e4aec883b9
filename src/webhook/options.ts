import {
  type Clock,
  type Fetch,
  MAX_WEBHOOK_BODY_BYTES,
  platformFetch,
  type Secret,
  systemClock,
} from "../core/mod.ts";
import type { Observer } from "../observability/mod.ts";
import type { DeliveryStore } from "./deliveries.ts";
import type { EventBus } from "./event_bus.ts";
import type { EventSink } from "./event.ts";
import type { DigestResolver } from "./resolve_digest.ts";
import type { TagPurger } from "../kv/mod.ts";

/** One sender. */
export interface SenderOptions {
  /** All that are valid now: two while one replaces the other. */
  readonly secrets: readonly Secret[];
  /** Name of the registry in events. Default is `docker.io` or `ghcr.io`. */
  readonly registry?: string;
  /**
   * Asks that registry for the digest of a tag: see {@linkcode registryResolver}. Without it events
   * have no digest, and deletions are not published.
   */
  readonly resolve?: DigestResolver;
  /** Told what to forget before anybody hears of a push. Default is nobody. */
  readonly purger?: TagPurger;
}

/** Docker Hub, which signs nothing: the secret is the last part of the address. */
export interface HubSenderOptions extends SenderOptions {
  /**
   * Origins on which the payload's `callback_url` is answered. Docker withdrew that; default is none.
   */
  readonly callbackOrigins?: readonly string[];
}

/** Caps on what senders may do, and strangers. */
export interface WebhookLimits {
  /** Largest body in bytes. Default is 1 MiB. */
  readonly bodyBytes: number;
  /** Deliveries taken of one provider, sustained; more get 429. Default is 600. */
  readonly perMinute: number;
  /** How many of them may come at once. Default is 200. */
  readonly burst: number;
  /** Wrong secrets and signatures from one address, sustained; more get 429. Default is 30. */
  readonly strangersPerMinute: number;
  /**
   * Bytes of bodies that are being read, in all; more get 503. One that does not say its length
   * counts as `bodyBytes`. Default is 32 MiB, a quarter of a Worker's memory.
   */
  readonly heldBytes: number;
}

/** What {@linkcode createWebhookReceiver} takes. */
export interface WebhookReceiverOptions {
  /** Where it is mounted: `/hooks/docker-hub/<secret>` and `/hooks/github`. Default is `/hooks`. */
  readonly path?: string;
  /** Absent: its address is not found. */
  readonly dockerHub?: HubSenderOptions | undefined;
  /** Absent: its address is not found. */
  readonly github?: SenderOptions | undefined;
  /** Subscribed to every event. */
  readonly sinks?: readonly EventSink[];
  /** Default is a bus of its own. */
  readonly bus?: EventBus;
  /** Shared by all isolates: see {@linkcode durableDeliveries}. Default is memory alone. */
  readonly deliveries?: DeliveryStore | undefined;
  readonly limits?: Partial<WebhookLimits>;
  /**
   * Address of the peer, for the cap on strangers; undefined for no cap. Default is
   * `CF-Connecting-IP`, which on Workers nobody else can set.
   */
  readonly addressOf?: (request: Request) => string | undefined;
  /** Only for `callbackOrigins`. Default is the runtime's `fetch`. */
  readonly fetch?: Fetch;
  readonly observer?: Observer | undefined;
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
}

/** {@linkcode WebhookReceiverOptions} with every blank filled in. */
export interface ReceiverSettings {
  readonly path: string;
  readonly limits: WebhookLimits;
  readonly addressOf: (request: Request) => string | undefined;
  readonly fetch: Fetch;
  readonly observer: Observer | undefined;
  readonly clock: Clock;
}

const LIMITS: WebhookLimits = {
  bodyBytes: MAX_WEBHOOK_BODY_BYTES,
  perMinute: 600,
  burst: 200,
  strangersPerMinute: 30,
  heldBytes: 32 * 1024 * 1024,
};

const LONGEST_ADDRESS = 64; // of IPv6 with a zone

/**
 * Fill in the blanks, once.
 * @throws {TypeError} For a path that is none, and for limits out of range.
 */
export function resolveReceiverOptions(options: WebhookReceiverOptions): ReceiverSettings {
  const { path = "/hooks", clock = systemClock, fetch = platformFetch, observer } = options;
  if (!/^(?:\/[a-z0-9][a-z0-9-]*)+$/.test(path)) {
    throw new TypeError("path must be parts of a-z, 0-9 and -, each after a /");
  }
  const limits = Object.freeze({ ...LIMITS, ...options.limits });
  for (const [key, value] of Object.entries<number>(limits)) {
    if (!(value > 0)) throw new TypeError(`limits.${key} must be more than 0`);
  }
  return { path, limits, addressOf: options.addressOf ?? connectingIp, fetch, observer, clock };
}

function connectingIp(request: Request): string | undefined {
  return request.headers.get("cf-connecting-ip")?.slice(0, LONGEST_ADDRESS);
}
