import type { Clock } from "../core/mod.ts";
import type { RegistryQuirks } from "./quirks.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import type { Repository } from "./store.ts";

/** How a simulated registry behaves. Everything may be changed between requests. */
export interface RegistrySettings {
  /** Default is none: the registry is strict. */
  readonly quirks: RegistryQuirks;
  /** `api`: has end-12; a status: the endpoint answers that, as registries without it do. */
  readonly referrers: "api" | 404 | 400 | 405 | 406;
  /** Most tags or referrers of one page; a larger or absent `n` is cut to it. Default is 1000. */
  readonly pageSize: number;
}

/** What every endpoint works on. */
export interface RegistryState {
  /** Where the registry is reached, for the absolute URLs it writes. */
  address: string;
  settings: RegistrySettings;
  readonly clock: Clock;
  readonly repositories: Map<string, Repository>;
}

/** One request at an endpoint: the path's parameters are as they stood in the path, not decoded. */
export interface Exchange {
  readonly state: RegistryState;
  readonly request: SimulatedRequest;
  readonly url: URL;
  readonly name: string;
  /** The last segment: tag, digest, or empty. */
  readonly reference: string;
}

/** One endpoint of the spec. */
export type Endpoint = (exchange: Exchange) => Reply | Promise<Reply>;
