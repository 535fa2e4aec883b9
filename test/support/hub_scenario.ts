import { createDockerHubClient } from "../../src/hub/mod.ts";
import type { DockerHubClient, DockerHubClientOptions } from "../../src/hub/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import {
  createSimulation,
  dockerHub,
  type DockerHubOptions,
  type SimulatedDockerHub,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { fixedRandom } from "./transport.ts";
import { createVirtualClock, type VirtualClock } from "./virtual_clock.ts";

/** Secrets of the scenario's accounts. */
export const PASSWORD = "canary-hub-password-19c4";
export const ACCESS_TOKEN = "dckr_pat_canary19c4";

/** Docker Hub in a simulation, and clients before it, on one virtual clock. */
export interface HubScenario {
  readonly clock: VirtualClock;
  readonly simulation: Simulation;
  readonly hub: SimulatedDockerHub;
  readonly events: TidegateEvent[];
  /** A client of nobody's, unless options say whose. */
  client(options?: DockerHubClientOptions): DockerHubClient;
  /** A client of ann's, by her access token. */
  ann(options?: DockerHubClientOptions): DockerHubClient;
  /** Let time pass until a promise has settled. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** Requests so far, as `METHOD path status`. */
  trail(): string[];
}

/** Make one, where everything is at its real origin. */
export function createHubScenario(options: DockerHubOptions = {}): HubScenario {
  const clock = createVirtualClock();
  const simulation = createSimulation({ clock });
  const hub = dockerHub(simulation, {
    users: {
      ann: { password: PASSWORD, accessTokens: { [ACCESS_TOKEN]: "admin" }, memberOf: ["acme"] },
      bob: { password: PASSWORD, secondFactor: "123456" },
    },
    ...options,
  });
  const events: TidegateEvent[] = [];
  const client = (more: DockerHubClientOptions = {}): DockerHubClient =>
    createDockerHubClient({
      fetch: simulation.fetch,
      clock,
      random: fixedRandom(),
      observer: (event) => void events.push(event),
      ...more,
    });
  return {
    ...{ clock, simulation, hub, events, client },
    ann: (more) => client({ username: "ann", accessToken: ACCESS_TOKEN, ...more }),
    run: (promise) => clock.run(promise),
    trail: () =>
      simulation.log.map(({ method, target, status }) => {
        return `${method} ${target.split("?")[0]} ${status}`;
      }),
  };
}
