import { systemClock } from "../core/mod.ts";
import type { Clock, Fetch } from "../core/mod.ts";
import { planDelivery } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { createRegistry } from "./registry.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { RegistrySettings } from "./registry_state.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import { logEntry } from "./request_log.ts";
import type { LoggedRequest } from "./request_log.ts";
import { toResponse } from "./respond.ts";

/** Anything that answers at an origin. */
export interface SimulatedHost {
  readonly kind: LoggedRequest["kind"];
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  handle(request: SimulatedRequest): Reply | Promise<Reply>;
}

/** How a simulation is set up. */
export interface SimulationOptions {
  /** Time of delays, stalls, token lifetimes and signed URLs. Default is the system's. */
  readonly clock?: Clock;
}

/** A whole internet of registries behind one `fetch`. */
export interface Simulation {
  readonly clock: Clock;
  /** Send a request into the simulation. A host that nobody created fails as an unknown name does. */
  readonly fetch: Fetch;
  /** Every request that reached a host, in order of arrival. */
  readonly log: LoggedRequest[];
  /** The registry at a host (`registry.test`, or an origin), created when it is new. */
  registry(host: string, settings?: Partial<RegistrySettings>): SimulatedRegistry;
  /** Every host, in order of creation. */
  hosts(): readonly SimulatedHost[];
  /** Let a host answer a request: fetch and the server are built on it. */
  exchange(host: SimulatedHost, request: SimulatedRequest): Promise<Exchanged>;
}

/** A host's answer, ready to be delivered, and the log's entry to keep up to date meanwhile. */
export interface Exchanged {
  readonly delivery: Delivery;
  readonly entry: LoggedRequest;
}

/** Create a simulation with no hosts. */
export function createSimulation({ clock = systemClock }: SimulationOptions = {}): Simulation {
  const hosts = new Map<string, SimulatedHost>();
  const log: LoggedRequest[] = [];
  const exchange = async (
    host: SimulatedHost,
    request: SimulatedRequest,
  ): Promise<Exchanged> => {
    const entry = logEntry(host, request);
    log.push(entry);
    const delivery = planDelivery(await host.handle(request), request.method);
    entry.status = delivery.status;
    return { delivery, entry };
  };
  return {
    clock,
    log,
    exchange,
    hosts: () => [...hosts.values()],
    registry: (host, settings) =>
      hostAt(hosts, host, "registry", (origin) => createRegistry(origin, { clock, ...settings })),
    fetch: async (request) => {
      const host = findHost(hosts, new URL(request.url).origin);
      if (host === undefined) throw new TypeError(`No such host: ${new URL(request.url).host}`);
      return await fetchFrom(host, request, { clock, exchange });
    },
  };
}

async function fetchFrom(
  host: SimulatedHost,
  request: Request,
  { clock, exchange }: Pick<Simulation, "clock" | "exchange">,
): Promise<Response> {
  const { signal } = request;
  signal.throwIfAborted();
  const { delivery, entry } = await exchange(host, await readRequest(request));
  if (delivery.delayMs > 0) await clock.sleep(delivery.delayMs, signal);
  return toResponse(delivery, request.url, { clock, entry, signal });
}

async function readRequest(request: Request): Promise<SimulatedRequest> {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    url: request.url,
    target: pathname + search,
    headers: request.headers,
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

function hostAt<Host extends SimulatedHost>(
  hosts: Map<string, SimulatedHost>,
  name: string,
  kind: Host["kind"],
  create: (origin: string) => Host,
): Host {
  const origin = new URL(name.includes("://") ? name : `https://${name}`).origin;
  const host = hosts.get(origin) ?? create(origin);
  if (host.kind !== kind) throw new TypeError(`${origin} is a ${host.kind} host already`);
  hosts.set(origin, host);
  return host as Host;
}

function findHost(
  hosts: ReadonlyMap<string, SimulatedHost>,
  origin: string,
): SimulatedHost | undefined {
  return hosts.get(origin) ?? [...hosts.values()].find((host) => host.address === origin);
}
