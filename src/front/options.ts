import type { Clock, Fetch, HasherFactory, Random } from "../core/mod.ts";
import type { KvStore, TagPurger } from "../kv/mod.ts";
import type { Observer } from "../observability/mod.ts";
import type { DeliveryStore, EventSink } from "../webhook/mod.ts";
import type { CheckpointStore } from "./checkpoints.ts";

/** What {@linkcode createFrontDoor} takes besides the configuration. All optional. */
export interface FrontDoorOptions {
  /** The way out. Default is the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /**
   * Where sealed tokens are kept, if the configuration has `sealingKeys`: without them nothing leaves
   * memory. Default is the Workers KV bound as `TOKENS`, else memory alone.
   */
  readonly kv?: KvStore;
  /**
   * Where manifests are cached behind this isolate's memory, if the configuration has
   * `cache.tagTtlSeconds`. Default is the Cache API on Workers, else memory alone.
   */
  readonly cache?: KvStore;
  /**
   * Where hashes of uploads are kept besides in their addresses. Default is the Durable Object bound
   * as `UPLOADS`, else memory.
   */
  readonly checkpoints?: CheckpointStore;
  /**
   * Where webhooks that came are remembered. Default is the Durable Object bound as `DELIVERIES`, else
   * memory.
   */
  readonly deliveries?: DeliveryStore;
  /** Given the events of webhooks, besides the queue or the console. */
  readonly sinks?: readonly EventSink[];
  /** What forgets an upstream's tags when a webhook says that they moved. Default is the cache. */
  readonly tagPurger?: (upstream: string) => TagPurger;
  /** Default is the runtime's native hash, else WASM. */
  readonly hasher?: HasherFactory;
  /** Told what happens. Default is nobody. */
  readonly observer?: Observer;
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** Default is the runtime's randomness. */
  readonly random?: Random;
}

/** The part of a Worker's context that the door uses. */
export interface ExecutionContextLike {
  /** Keep the request's resources alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}

/** A front door, ready to be a Worker's default export or a server's handler. */
export interface FrontDoor {
  /**
   * Answer one request. Never rejects.
   *
   * @param env Bindings and secrets by name, read once at the first request. On other runtimes than
   * Workers, an object of environment variables.
   * @param ctx Absent outside of Workers.
   */
  fetch(request: Request, env?: unknown, ctx?: ExecutionContextLike): Promise<Response>;
}
