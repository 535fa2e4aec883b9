import { basicCredential, staticCredentials } from "../../src/auth/mod.ts";
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from "../../src/client/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import { parseDigest, type Reference } from "../../src/reference/mod.ts";
import {
  bytesContent,
  createSimulation,
  digestOf,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { fixedRandom } from "./transport.ts";
import { createVirtualClock, type VirtualClock } from "./virtual_clock.ts";

/** A registry in a simulation, and a client before it, on one virtual clock. */
export interface Scenario {
  readonly clock: VirtualClock;
  readonly simulation: Simulation;
  readonly registry: SimulatedRegistry;
  readonly client: RegistryClient;
  readonly events: TidegateEvent[];
  /** File bytes as a blob of `acme/app`; returns its digest. */
  blob(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /** Let time pass until a promise has settled. */
  run<T>(promise: Promise<T>): Promise<T>;
}

/** The repository that scenarios use. */
export const APP: Reference = {
  registry: "registry.example.com",
  repository: "acme/app",
  tag: "v1",
};

/** Make one. */
export function createScenario(options: RegistryClientOptions = {}): Scenario {
  const clock = createVirtualClock();
  const simulation = createSimulation({ clock });
  const registry = simulation.registry(APP.registry);
  const events: TidegateEvent[] = [];
  const client = createRegistryClient({
    fetch: simulation.fetch,
    clock,
    random: fixedRandom(),
    observer: (event) => void events.push(event),
    ...options,
  });
  return {
    clock,
    simulation,
    registry,
    client,
    events,
    async blob(bytes): Promise<string> {
      const digest = await digestOf(bytes);
      registry.repository(APP.repository).blobs.set(digest, bytesContent(bytes));
      return digest;
    },
    run: (promise) => clock.run(promise),
  };
}

/** Credentials of the scenario's registry, with a canary for a password. */
export const CANARY = "canary-7f3a9c51d2e84b60";

/** A provider that has {@linkcode CANARY} for the scenario's registry alone. */
export function canaryCredentials(): ReturnType<typeof staticCredentials> {
  return staticCredentials({ [APP.registry]: basicCredential("user", CANARY) });
}

/** Bytes that look like nothing and are the same every time. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

export { parseDigest, resolveUpstream };
