import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { HasherFactory } from "../core/mod.ts";
import { seedDemo } from "./demo.ts";
import type { SimulatedHost } from "./host.ts";
import type { PushSettings } from "./push_settings.ts";
import type { SimulatedRequest } from "./reply.ts";
import { logEntry } from "./request_log.ts";
import type { LoggedRequest } from "./request_log.ts";
import { createSimulation } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";
import { transfer } from "./transfer_node.ts";

/** Node's native hash behind the port: for layers of any size. */
export const nodeHasher: HasherFactory = (algorithm) => {
  const hash = createHash(algorithm);
  return {
    algorithm,
    update(chunk): void {
      hash.update(chunk);
    },
    digest: () => Uint8Array.from(hash.digest()),
  };
};

/** What is served, and where. */
export interface ServeOptions {
  /** Default is a registry filled by `seedDemo`. */
  readonly simulation?: Simulation;
  /** Take pushes, if no simulation is given. Hashes are Node's unless others are given. */
  readonly push?: PushSettings;
  /** Which host answers. Default is the simulation's first. */
  readonly host?: SimulatedHost;
  /** Default is any free port. */
  readonly port?: number;
  /** Address to listen on. Default is 127.0.0.1. */
  readonly hostname?: string;
}

/** A host of a simulation, served over HTTP. */
export interface ServedHost {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Stop listening and break every connection. Resolves when nothing is left running. */
  close(): Promise<void>;
}

/**
 * Serve one host of a simulation over HTTP/1.1 on loopback. While it is served, the URLs that the
 * simulation writes (realms, locations, links) name the loopback address.
 *
 * @throws {TypeError} If the simulation has no host.
 */
export async function serveSimulation(options: ServeOptions = {}): Promise<ServedHost> {
  const simulation = options.simulation ?? await demoSimulation(options.push);
  const host = options.host ?? simulation.hosts()[0];
  if (host === undefined) throw new TypeError("The simulation has no host to serve");
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    serveRequest(simulation, host, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on("clientError", (error: MalformedRequest, socket) => {
    if (error.rawPacket) simulation.log.push(malformedEntry(host, error.rawPacket));
    socket.destroy();
  });
  const hostname = options.hostname ?? "127.0.0.1";
  server.listen(options.port ?? 0, hostname);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  host.address = url;
  return { url, port, close: () => close(server, host) };
}

/** A whole simulation, served over HTTP. */
export interface ServedSimulation {
  /** Where a host of the simulation is, by the origin or name it was created with. */
  url(host: string): string;
  /** Stop them all. Resolves when nothing is left running. */
  close(): Promise<void>;
}

/** Serve every host of a simulation, each on a free port of its own. Hosts created later are not served. */
export async function serveHosts(simulation: Simulation): Promise<ServedSimulation> {
  const hosts = simulation.hosts();
  const served = await Promise.all(hosts.map((host) => serveSimulation({ simulation, host })));
  return {
    url(name): string {
      const origin = name.includes("://") ? new URL(name).origin : `https://${name}`;
      const found = served[hosts.findIndex((host) => host.origin === origin)];
      if (found === undefined) throw new TypeError(`${name} is not served`);
      return found.url;
    },
    close: async () => void await Promise.all(served.map((one) => one.close())),
  };
}

async function demoSimulation(push: PushSettings | undefined): Promise<Simulation> {
  const simulation = createSimulation();
  const registry = simulation.registry("registry.test", {
    push: push && { hasher: nodeHasher, ...push },
  });
  await seedDemo(registry);
  return simulation;
}

async function close(server: Server, host: SimulatedHost): Promise<void> {
  host.address = host.origin;
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** What `node:http` reports of bytes that are no request. */
interface MalformedRequest extends Error {
  readonly rawPacket?: Uint8Array;
}

/** What is no HTTP request is logged too: a secret in it has arrived all the same. */
function malformedEntry(host: SimulatedHost, packet: Uint8Array): LoggedRequest {
  const request = { method: "?", url: host.address, target: "", headers: new Headers() };
  const body = Uint8Array.from(packet);
  return { ...logEntry(host, request), body, bodyBytes: body.length };
}

async function serveRequest(
  simulation: Simulation,
  host: SimulatedHost,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const request = readRequest(host, incoming);
  const { delivery, entry } = await simulation.exchange(host, request);
  if (delivery.delayMs > 0) await simulation.clock.sleep(delivery.delayMs, gone.signal);
  await transfer(delivery, outgoing, { clock: simulation.clock, entry, signal: gone.signal });
}

function readRequest({ address }: SimulatedHost, incoming: IncomingMessage): SimulatedRequest {
  const target = incoming.url ?? "/";
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return {
    method: incoming.method ?? "GET",
    url: absoluteUrl(address, target),
    target,
    headers,
    // the connection is not to end with the reading: how it ends is the fault's affair
    body: { [Symbol.asyncIterator]: () => incoming.iterator({ destroyOnReturn: false }) },
  };
}

/** Origin-form and absolute-form (RFC 9112, 3.2); anything else keeps only the address. */
function absoluteUrl(address: string, target: string): string {
  const url = target.startsWith("/") ? address + target : target;
  return URL.canParse(url) ? new URL(url).href : address;
}
