import { afterEach } from "vitest";
import { createGhcrClient, GHCR_PROFILE, githubCredentials } from "../../src/ghcr/mod.ts";
import type { GhcrClient, GhcrClientOptions } from "../../src/ghcr/mod.ts";
import { consoleSink, joinObservers, type TidegateEvent } from "../../src/observability/mod.ts";
import type { Reference } from "../../src/reference/mod.ts";
import {
  buildImage,
  buildIndex,
  type BuiltImage,
  createSimulation,
  type SimulatedBlobHost,
  type SimulatedGhcr,
  type SimulatedGithub,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import type { ServeWorld } from "./serve_world.ts";

/** The canary that stands for a personal access token of the user octocat. */
export const PAT = "ghp_canary0pat51e2d84b60";

/** `acme/app:v1`, which has images for two platforms. */
export const APP: Reference = { registry: "ghcr.io", repository: "acme/app", tag: "v1" };

/** GHCR and GitHub's API over HTTP, and a client before them. */
export interface GhcrWorld {
  readonly simulation: Simulation;
  readonly ghcr: SimulatedGhcr;
  readonly github: SimulatedGithub;
  /** Where GHCR sends those who pull blobs. */
  readonly blobs: SimulatedBlobHost;
  readonly client: GhcrClient;
  readonly events: TidegateEvent[];
  /** What the console would show at the debug level. */
  readonly lines: string[];
  readonly index: BuiltImage;
  /** An image that nobody has filed. */
  readonly other: BuiltImage;
  /** Where a host is reached. */
  url(host: string): string;
  /** Another client of the same GitHub. */
  clientWith(options: GhcrClientOptions): GhcrClient;
  close(): Promise<void>;
}

const SCOPES = ["read:packages", "write:packages", "delete:packages"];

function addHosts(
  simulation: Simulation,
): Pick<GhcrWorld, "ghcr" | "github" | "blobs"> {
  const blobs = simulation.blobHost("pkg-containers.example.com");
  const tokens = { users: { octocat: PAT } };
  const ghcr = simulation.ghcr("ghcr.io", { tokens, redirect: { to: blobs } });
  const github = simulation.github("api.github.com", {
    registry: ghcr,
    accounts: { acme: { type: "Organization" }, octocat: { type: "User" } },
    tokens: { [PAT]: { login: "octocat", scopes: SCOPES } },
  });
  return { ghcr, github, blobs };
}

/** Open a world with `acme/app:v1` in it. */
export async function openGhcrWorld(serve: ServeWorld): Promise<GhcrWorld> {
  const simulation = createSimulation();
  const hosts = addHosts(simulation);
  const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
  const manifests = await Promise.all(platforms.map((platform, i) => {
    return buildImage({ platform, seed: i + 21, layers: [3000, 100_000 + i] });
  }));
  const index = await buildIndex({ manifests });
  const other = await buildImage({ layers: [5000, 6000, 7000], seed: 31 });
  hosts.ghcr.add(APP.repository, { image: index, tags: ["v1"] });
  const served = await serve(simulation);
  const events: TidegateEvent[] = [];
  const lines: string[] = [];
  const registry = served.url("ghcr.io");
  const apiUrl = served.url("api.github.com");
  const blobOrigins = ["*", served.url("pkg-containers.example.com")];
  const upstream = resolveUpstream("ghcr.io", {
    origin: registry,
    profile: GHCR_PROFILE,
    blobOrigins,
  });
  const clientWith = (options: GhcrClientOptions): GhcrClient =>
    createGhcrClient({
      apiUrl,
      upstreams: [upstream],
      credentials: githubCredentials({ username: "octocat", token: PAT, registry, apiUrl }),
      transport: { retry: { baseMs: 1 } },
      observer: joinObservers(
        (event) => void events.push(event),
        consoleSink({ level: "debug", write: (_, line) => void lines.push(line) }),
      ),
      fetch: served.fetch,
      ...options,
    });
  const client = clientWith({});
  const { url, close } = served;
  return { simulation, ...hosts, client, events, lines, index, other, url, clientWith, close };
}

/** All that an iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A stream of pieces that can be read once. */
export function streamOf(bytes: Uint8Array, piece = 4000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += piece));
    },
  }, { highWaterMark: 0 });
}

/** Worlds of one test, closed after it. */
export function worldsOf(serve: ServeWorld): () => Promise<GhcrWorld> {
  const opened: GhcrWorld[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  return async () => {
    const made = await openGhcrWorld(serve);
    opened.push(made);
    return made;
  };
}
