import { createGhcrClient, type GhcrClient, githubCredentials } from "../../src/ghcr/mod.ts";
import type { GhcrClientOptions } from "../../src/ghcr/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import type { Reference } from "../../src/reference/mod.ts";
import {
  buildImage,
  buildIndex,
  type BuiltImage,
  createSimulation,
  type GithubSettings,
  type SimulatedGhcr,
  type SimulatedGithub,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { fixedRandom } from "./transport.ts";
import { createVirtualClock, type VirtualClock } from "./virtual_clock.ts";

/** GitHub in a simulation, and a client before it, on one virtual clock. */
export interface GhcrScenario {
  readonly clock: VirtualClock;
  readonly simulation: Simulation;
  readonly ghcr: SimulatedGhcr;
  readonly github: SimulatedGithub;
  readonly client: GhcrClient;
  readonly events: TidegateEvent[];
  /** Let time pass until a promise has settled. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** The requests to the API since the start, as `METHOD /path status`. */
  apiTrail(): string[];
}

/** The canary that stands for a personal access token. */
export const PAT = "ghp_canary7f3a9c51d2e84b60";

/** The image that scenarios use. */
export const APP: Reference = { registry: "ghcr.io", repository: "acme/app", tag: "v1" };

/** Accounts and tokens of the simulated GitHub. */
export const GITHUB: Omit<GithubSettings, "registry" | "attestations" | "visibility"> = {
  accounts: { acme: { type: "Organization" }, octocat: { type: "User" } },
  tokens: {
    [PAT]: {
      login: "octocat",
      scopes: ["read:packages", "write:packages", "delete:packages"],
    },
  },
};

/** Set up GHCR and GitHub's API in a simulation. */
export function addGithub(
  simulation: Simulation,
): { readonly ghcr: SimulatedGhcr; readonly github: SimulatedGithub } {
  const ghcr = simulation.ghcr("ghcr.io", { tokens: { users: { octocat: PAT } } });
  const github = simulation.github("api.github.com", { registry: ghcr, ...GITHUB });
  return { ghcr, github };
}

/** Make one. */
export function createGhcrScenario(options: GhcrClientOptions = {}): GhcrScenario {
  const clock = createVirtualClock();
  const simulation = createSimulation({ clock });
  const { ghcr, github } = addGithub(simulation);
  const events: TidegateEvent[] = [];
  const client = createGhcrClient({
    fetch: simulation.fetch,
    clock,
    random: fixedRandom(),
    credentials: githubCredentials({ username: "octocat", token: PAT }),
    observer: (event) => void events.push(event),
    ...options,
  });
  return {
    clock,
    simulation,
    ghcr,
    github,
    client,
    events,
    run: (promise) => clock.run(promise),
    apiTrail: () =>
      simulation.log.filter(({ kind }) => kind === "github").map(({ method, target, status }) => {
        return `${method} ${target} ${status}`;
      }),
  };
}

/** All that an iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An image for two platforms. */
export async function multiArch(seed = 1): Promise<BuiltImage> {
  const manifests = await Promise.all(["amd64", "arm64"].map((architecture, i) => {
    return buildImage({ platform: { os: "linux", architecture }, seed: seed * 10 + i });
  }));
  return await buildIndex({ manifests });
}

export const DAY_MS: number = 24 * 60 * 60 * 1000;
