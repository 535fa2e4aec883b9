import { afterEach } from "vitest";
import { type Clock, sleep, TidegateError } from "../../src/core/mod.ts";
import { createDockerHubClient } from "../../src/hub/mod.ts";
import type { DockerHubClient, DockerHubClientOptions } from "../../src/hub/mod.ts";
import { consoleSink, joinObservers, type TidegateEvent } from "../../src/observability/mod.ts";
import {
  buildImage,
  buildIndex,
  type BuiltImage,
  createSimulation,
  dockerHub,
  type DockerHubOptions,
  type HubUser,
  type LoggedRequest,
  type SimulatedDockerHub,
  type Simulation,
} from "../../src/simulation/mod.ts";
import type { ServeWorld } from "./serve_world.ts";

/** Secrets of the account `ann`: canaries that must show up nowhere. */
export const PASSWORD = "canary-password-5b1e";
export const ACCESS_TOKEN = "dckr_pat_canary0pat77c1";
export const READ_TOKEN = "dckr_pat_canary0read3d";
export const ORG_TOKEN = "dckr_oat_canary0oat91af";

const USERS: Readonly<Record<string, HubUser>> = {
  ann: {
    password: PASSWORD,
    accessTokens: { [ACCESS_TOKEN]: "admin", [READ_TOKEN]: "read" },
    memberOf: ["acme"],
  },
  bob: { password: PASSWORD, secondFactor: "123456" },
  acme: { accessTokens: { [ORG_TOKEN]: "admin" } },
};

/** A clock that runs with the system's, and can be moved forward. */
export interface ShiftedClock extends Clock {
  shift(milliseconds: number): void;
}

/** Docker Hub over HTTP, and clients before it. */
export interface HubWorld {
  readonly simulation: Simulation;
  readonly hub: SimulatedDockerHub;
  readonly clock: ShiftedClock;
  readonly events: TidegateEvent[];
  /** What the console would show at the debug level. */
  readonly lines: string[];
  /** A multi-platform image, its image for linux/amd64, and one that nobody has filed. */
  readonly index: BuiltImage;
  readonly image: BuiltImage;
  readonly other: BuiltImage;
  /** A client of nobody's, unless options say whose. */
  client(options?: DockerHubClientOptions): DockerHubClient;
  /** A client of ann's. */
  ann(options?: DockerHubClientOptions): DockerHubClient;
  /** Requests since the last call, as `METHOD host path`. */
  trail(): string[];
  /** The same, unabridged. */
  requests(): LoggedRequest[];
  close(): Promise<void>;
}

function createShiftedClock(): ShiftedClock {
  let offset = 0;
  const clock: ShiftedClock = {
    now: () => Date.now() + offset,
    sleep: (milliseconds, signal) => sleep(clock, milliseconds, signal),
    after(milliseconds, callback): () => void {
      const timer = setTimeout(callback, Math.min(Math.ceil(milliseconds), 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
    shift: (milliseconds) => void (offset += milliseconds),
  };
  return clock;
}

/** Open a world with `library/app` (`v1`, `v2`) in it. */
export async function openHubWorld(
  serve: ServeWorld,
  options: DockerHubOptions = {},
): Promise<HubWorld> {
  const clock = createShiftedClock();
  const simulation = createSimulation({ clock });
  const hub = dockerHub(simulation, { users: USERS, push: {}, ...options });
  const [image, arm, other] = await Promise.all([
    buildImage({ layers: [3000, 200_000], seed: 11 }),
    buildImage({
      layers: [4000],
      seed: 12,
      platform: { os: "linux", architecture: "arm", variant: "v6" },
    }),
    buildImage({ layers: [5000], seed: 13 }),
  ]);
  const index = await buildIndex({ manifests: [image, arm] });
  hub.add("library/app", { image: index, tags: ["v1", "v2"], init: { pulls: 5_000_000 } });
  const served = await serve(simulation);
  const events: TidegateEvent[] = [];
  const lines: string[] = [];
  const observer = joinObservers(
    (event) => void events.push(event),
    consoleSink({ level: "debug", write: (_, line) => void lines.push(line) }),
  );
  const client = (more: DockerHubClientOptions = {}): DockerHubClient =>
    createDockerHubClient({
      hubOrigin: served.url("hub.docker.com"),
      registryOrigin: served.url("registry-1.docker.io"),
      authOrigin: served.url("auth.docker.io"),
      scout: { origin: served.url("api.dso.docker.com") },
      transport: { retry: { baseMs: 1 } },
      clock,
      observer,
      fetch: served.fetch,
      ...more,
    });
  let seen = 0;
  const requests = (): LoggedRequest[] => {
    const fresh = simulation.log.slice(seen);
    seen = simulation.log.length;
    return fresh;
  };
  return {
    ...{ simulation, hub, clock, events, lines, index, image, other, client, requests },
    ann: (more) => client({ username: "ann", accessToken: ACCESS_TOKEN, ...more }),
    trail: () =>
      requests().map(({ host, method, target }) => {
        return `${method} ${new URL(host).host} ${target.split("?")[0]}`;
      }),
    close: served.close,
  };
}

/** All of an iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<TidegateError> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  if (!(error instanceof TidegateError)) throw new TypeError(`not typed: ${String(error)}`);
  return error;
}

/** Worlds of one test, closed after it. */
export function worldsOf(serve: ServeWorld): (options?: DockerHubOptions) => Promise<HubWorld> {
  const opened: HubWorld[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  return async (options) => {
    const made = await openHubWorld(serve, options);
    opened.push(made);
    return made;
  };
}
