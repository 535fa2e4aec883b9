import { inject } from "vitest";
import type { Fetch } from "../../src/core/mod.ts";
import type { Simulation } from "../../src/simulation/mod.ts";
import { relayedBy } from "./relay.ts";

/** Makes the hosts of a simulation reachable: over HTTP, or where nothing can listen, in memory. */
export type ServeWorld = (simulation: Simulation) => Promise<ServedWorld>;

/** A simulation that can be reached. */
export interface ServedWorld {
  /** Where a host of the simulation is, by its name. */
  url(host: string): string;
  /** The way there. Default is the runtime's `fetch`. */
  readonly fetch?: Fetch;
  close(): Promise<void>;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the relay that listens for tests in workerd. */
    readonly relay: string;
  }
}

/**
 * How this runtime is served. Deno and Bun listen by themselves; for workerd a relay does. Chromium
 * reaches no other origin that does not want it to, and Node is served over HTTP in this folder: both
 * have the simulation in memory.
 */
export async function serveHere(): Promise<ServeWorld> {
  const { userAgent } = navigator;
  if (userAgent === "Cloudflare-Workers") return relayedBy(inject("relay"));
  if (!/^(?:Deno|Bun)\//.test(userAgent)) return inMemory;
  return (await import("../../src/simulation/serve_node.ts")).serveHosts;
}

const inMemory: ServeWorld = (simulation) =>
  Promise.resolve({
    url: (host) => `https://${host}`,
    fetch: simulation.fetch,
    close: () => Promise.resolve(),
  });
