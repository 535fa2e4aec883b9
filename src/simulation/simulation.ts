import { abortable, systemClock } from "../core/mod.ts";
import type { Clock, Fetch } from "../core/mod.ts";
import { createBlobHost } from "./blob_host.ts";
import type { BlobHostSettings, SimulatedBlobHost } from "./blob_host.ts";
import { exchangeWith } from "./exchange.ts";
import type { Exchanged } from "./exchange.ts";
import { createFaultPlan } from "./fault.ts";
import type { FaultPlan } from "./fault.ts";
import { withRedirects } from "./follow.ts";
import { createGhcr } from "./ghcr.ts";
import type { GhcrSettings, SimulatedGhcr } from "./ghcr.ts";
import { createGithub } from "./github.ts";
import type { SimulatedGithub } from "./github.ts";
import type { GithubSettings } from "./github_state.ts";
import type { SimulatedHost } from "./host.ts";
import { createHub } from "./hub.ts";
import type { SimulatedHub } from "./hub.ts";
import type { HubSettings } from "./hub_state.ts";
import { createRegistry } from "./registry.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { RegistrySettings } from "./registry_state.ts";
import type { SimulatedRequest } from "./reply.ts";
import { streamBody } from "./request_body.ts";
import { KEPT_BODY_BYTES, logEntry, recordBody } from "./request_log.ts";
import type { LoggedRequest } from "./request_log.ts";
import { toResponse, unanswered } from "./respond.ts";
import { seededRandom } from "./seeded_random.ts";
import { createTokenService } from "./token_service.ts";
import type { SimulatedTokenService, TokenSettings } from "./token_service.ts";
import { createTrap } from "./trap.ts";
import type { SimulatedTrap, TrapAnswer } from "./trap.ts";

/** How a simulation is set up. */
export interface SimulationOptions {
  /** Time of delays, stalls, token lifetimes and signed URLs. Default is the system's. */
  readonly clock?: Clock;
  /** Makes tokens, signatures and random places of faults. Equal seeds give equal runs. Default is 1. */
  readonly seed?: number;
  /** How much of each request's body the log keeps, in bytes. Default is 1 MiB. */
  readonly keptBodyBytes?: number;
}

/**
 * A whole internet of registries behind one `fetch`. A host is named by its host name
 * (`registry.test`, meaning https) or by an origin; asking for it again gives the same one.
 */
export interface Simulation {
  readonly clock: Clock;
  /** Send a request into the simulation. A host that nobody created fails as an unknown name does. */
  readonly fetch: Fetch;
  /** Every request that reached a host, in order of arrival. */
  readonly log: LoggedRequest[];
  /** What goes wrong, and when. */
  readonly faults: FaultPlan;
  /** A registry. Settings are for its creation; later use `configure`. */
  registry(host: string, settings?: Partial<RegistrySettings>): SimulatedRegistry;
  /** A token service at `/token`. */
  tokenService(host: string, settings?: Partial<TokenSettings>): SimulatedTokenService;
  /** Docker Hub's API, with Scout's. `dockerHub` makes it with its registry and token service. */
  hub(host: string, settings?: Partial<HubSettings>): SimulatedHub;
  /** GHCR: a registry with its token service and its quirks. Served as `ghcr.io` it is just that. */
  ghcr(host: string, settings?: GhcrSettings): SimulatedGhcr;
  /** GitHub's API over the packages of a registry, which its creation needs. */
  github(host: string, settings?: Partial<GithubSettings>): SimulatedGithub;
  /** A blob store for a registry's `redirect`. */
  blobHost(host: string, settings?: Partial<BlobHostSettings>): SimulatedBlobHost;
  /** A hostile host that records and answers anything. Named `*` it stands for every host not created. */
  trap(host: string, answer?: TrapAnswer): SimulatedTrap;
  /** Every host, in order of creation. */
  hosts(): readonly SimulatedHost[];
  /** Let a host answer a request, with the faults that are due: what `fetch` and the server do. */
  exchange(host: SimulatedHost, request: SimulatedRequest): Promise<Exchanged>;
}

const ANY_HOST = "*";

/** Create a simulation with no hosts. */
export function createSimulation(
  { clock = systemClock, seed = 1, keptBodyBytes = KEPT_BODY_BYTES }: SimulationOptions = {},
): Simulation {
  const hosts = new Map<string, SimulatedHost>();
  const log: LoggedRequest[] = [];
  const random = seededRandom(seed);
  const { plan, take } = createFaultPlan();
  const exchange: Simulation["exchange"] = async (host, request) => {
    const entry = logEntry(host, request);
    log.push(entry);
    const actions = take({ origin: host.origin, kind: host.kind, ...request });
    const recorder = recordBody(entry, keptBodyBytes);
    const context = { actions, entry, seen: recorder.add, clock, random };
    return await exchangeWith(host, request, context).finally(recorder.finish);
  };
  const parts = { clock, random };
  return {
    clock,
    log,
    exchange,
    faults: plan,
    hosts: () => [...hosts.values()],
    registry: (name, settings) =>
      hostAt(hosts, name, "registry", (at) => createRegistry(at, { ...parts, ...settings })),
    tokenService: (name, settings) =>
      hostAt(hosts, name, "tokens", (at) => createTokenService(at, { ...parts, ...settings })),
    hub: (name, settings) =>
      hostAt(hosts, name, "hub", (at) => createHub(at, { ...parts, ...settings })),
    ghcr: (name, settings) =>
      hostAt<SimulatedGhcr>(
        hosts,
        name,
        "registry",
        (at) => createGhcr(at, { ...parts, ...settings }),
      ),
    github: (name, settings) =>
      hostAt(
        hosts,
        name,
        "github",
        (at) => createGithub(at, { clock, ...requireRegistry(settings) }),
      ),
    blobHost: (name, settings) =>
      hostAt(hosts, name, "blobs", (at) => createBlobHost(at, { ...parts, ...settings })),
    trap: (name, answer) => hostAt(hosts, name, "trap", (at) => createTrap(at, { clock, answer })),
    fetch: (request) =>
      withRedirects(
        request,
        (hop) => fetchFrom(findHost(hosts, hop.url), hop, { clock, exchange }),
      ),
  };
}

async function fetchFrom(
  host: SimulatedHost,
  request: Request,
  { clock, exchange }: Pick<Simulation, "clock" | "exchange">,
): Promise<Response> {
  const { signal } = request;
  signal.throwIfAborted();
  const exchanged = exchange(host, simulatedRequest(request)).finally(() => giveUpBody(request));
  const { delivery, entry } = await abortable(exchanged, signal, (late) => {
    late.entry.outcome = "cancelled";
  });
  if (delivery.delayMs > 0) await clock.sleep(delivery.delayMs, signal);
  const context = { clock, entry, signal };
  if (delivery.drop !== undefined) return await unanswered(delivery.drop, context);
  return toResponse(delivery, request.url, context);
}

function simulatedRequest(request: Request): SimulatedRequest {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    url: request.url,
    target: pathname + search,
    headers: request.headers,
    body: streamBody(request),
  };
}

/** A body of which nothing was read is cancelled, as when a connection breaks. */
function giveUpBody({ body }: Request): void {
  if (body !== null && !body.locked) body.cancel().catch(() => {});
}

function requireRegistry(
  settings: Partial<GithubSettings> = {},
): Partial<GithubSettings> & Pick<GithubSettings, "registry"> {
  const { registry } = settings;
  if (registry === undefined) throw new TypeError("GitHub's API needs a registry");
  return { ...settings, registry };
}

function hostAt<Host extends SimulatedHost>(
  hosts: Map<string, SimulatedHost>,
  name: string,
  kind: Host["kind"],
  create: (origin: string) => Host,
): Host {
  const origin = name === ANY_HOST ? name : originOf(name);
  const host = hosts.get(origin) ?? create(origin);
  if (host.kind !== kind) throw new TypeError(`${origin} is a ${host.kind} host already`);
  hosts.set(origin, host);
  return host as Host;
}

function originOf(name: string): string {
  return new URL(name.includes("://") ? name : `https://${name}`).origin;
}

function findHost(hosts: ReadonlyMap<string, SimulatedHost>, url: string): SimulatedHost {
  const { origin, host } = new URL(url);
  const found = hosts.get(origin) ??
    [...hosts.values()].find(({ address }) => address === origin) ?? hosts.get(ANY_HOST);
  if (found === undefined) throw new TypeError(`No such host: ${host}`);
  return found;
}
