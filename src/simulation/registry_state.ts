import type { Clock } from "../core/mod.ts";
import type { SimulatedBlobHost } from "./blob_host.ts";
import type { PushSettings } from "./push_settings.ts";
import type { RegistryQuirks } from "./quirks.ts";
import type { RegistryAuth } from "./registry_auth.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { Repository } from "./store.ts";
import type { Upload } from "./upload.ts";

/** A pull limit as Docker Hub keeps it: one GET of a manifest is one pull, HEAD is free. */
export interface RateLimit {
  /** Pulls per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** `Retry-After` of the 429, in seconds. Absent: none is sent. */
  readonly retryAfterSeconds?: number;
  /** Header spelling. Default is `ratelimit-`. */
  readonly prefix?: "ratelimit-" | "x-ratelimit-";
  /** `docker-ratelimit-source`. Default is 192.0.2.1. */
  readonly source?: string;
  /**
   * Users with a limit of their own, counted by account; the others are counted by address.
   * `Infinity` is no limit, and then there are no headers about it. Needs bearer tokens.
   */
  readonly users?: Readonly<Record<string, number>>;
}

/** Pulls counted in the current window. */
export interface PullCount {
  pulls: number;
  startedAt: number;
}

/** How a simulated registry behaves. Everything may be changed between requests. */
export interface RegistrySettings {
  /** Default is none: the registry is strict. */
  readonly quirks: RegistryQuirks;
  /** `api`: has end-12; a status: the endpoint answers that, as registries without it do. */
  readonly referrers: "api" | 404 | 400 | 405 | 406;
  /** Most tags or referrers of one page; a larger or absent `n` is cut to it. Default is 1000. */
  readonly pageSize: number;
  /** Who may use it. Default is open. */
  readonly auth: RegistryAuth;
  /** Blobs answer with a redirect to signed URLs there. Status is 307 by default. Absent: served here. */
  readonly redirect?:
    | { readonly to: SimulatedBlobHost; readonly status?: 301 | 302 | 303 | 307 | 308 }
    | undefined;
  /** Takes pushes and deletes, and how. Absent: read-only, 405. */
  readonly push?: PushSettings | undefined;
  /** Absent: no limit and no headers about it. */
  readonly rateLimit?: RateLimit | undefined;
}

/** What every endpoint works on. */
export interface RegistryState {
  readonly origin: string;
  /** Where the registry is reached, for the absolute URLs it writes. */
  address: string;
  settings: RegistrySettings;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly repositories: Map<string, Repository>;
  /** Open uploads by their id. */
  readonly uploads: Map<string, Upload>;
  readonly count: PullCount;
  /** The same for users with a limit of their own. */
  readonly counts: Map<string, PullCount>;
}

/** One request at an endpoint: the path's parameters are as they stood in the path, not decoded. */
export interface Exchange {
  readonly state: RegistryState;
  readonly request: SimulatedRequest;
  readonly url: URL;
  readonly name: string;
  /** The last segment: tag, digest, upload id, or empty. */
  readonly reference: string;
}

/** One endpoint of the spec. */
export type Endpoint = (exchange: Exchange) => Reply | Promise<Reply>;
