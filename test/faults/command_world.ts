import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import {
  buildImage,
  buildIndex,
  type BuiltImage,
  createSimulation,
  type LoggedRequest,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { nodeHasher, type ServedHost, serveSimulation } from "../../src/simulation/serve_node.ts";
import { type CommandRuntime, tidegate } from "../support/command_node.ts";
import { temporaryFolder } from "../support/processes_node.ts";

/** Most bytes of one request of an upload, as `commandEnv` sets it. */
export const CHUNK: number = 1024 * 1024;

/** Two registries on loopback that count bytes, an image, and a folder for caches. */
export interface CommandWorld {
  readonly simulation: Simulation;
  /** Has `acme/app:v1`, which is the index. */
  readonly source: SimulatedRegistry;
  /** Empty, takes pushes. */
  readonly target: SimulatedRegistry;
  /** `HOST:PORT` of each. */
  readonly at: { readonly source: string; readonly target: string };
  /** Of amd64 and arm64. */
  readonly index: BuiltImage;
  /** The amd64 image: what `pull` takes. */
  readonly image: BuiltImage;
  /** What the command calls the image. */
  readonly name: string;
  path(...names: readonly string[]): string;
  /** Nothing listens there any more, and what was connected is broken. */
  stop(which: "source" | "target"): Promise<void>;
  /** It listens again, where it did, and knows what it knew. */
  start(which: "source" | "target"): Promise<void>;
  close(): Promise<void>;
}

const LAYERS = [5_000_000, 2_600_000, 1_500_000, 300_000];
let built: Promise<{ readonly image: BuiltImage; readonly index: BuiltImage }> | undefined;

async function build(): Promise<{ readonly image: BuiltImage; readonly index: BuiltImage }> {
  const image = await buildImage({ layers: LAYERS, seed: 41, hasher: nodeHasher });
  const platform = { os: "linux", architecture: "arm64" };
  const other = await buildImage({ layers: [1_200_000], seed: 42, hasher: nodeHasher, platform });
  return { image, index: await buildIndex({ manifests: [image, other] }) };
}

/** How a world is. */
export interface WorldOptions {
  /** For places in the simulation. Default is 1. */
  readonly seed?: number;
  /** Whether the registries throw away what a broken request has brought. Default is `false`. */
  readonly discards?: boolean;
}

/** Open a world. Close it. */
export async function openCommandWorld(
  { discards = false, seed = 1 }: WorldOptions = {},
): Promise<CommandWorld> {
  const { image, index } = await (built ??= build());
  const simulation = createSimulation({ keptBodyBytes: 0, seed });
  const source = simulation.registry("source.test");
  const target = simulation.registry("target.test", {
    push: { hasher: nodeHasher, brokenBody: discards ? "discard" : "keep" },
  });
  source.add("acme/app", { image: index, tags: ["v1"] });
  const hosts = { source, target };
  const served: Record<"source" | "target", ServedHost> = {
    source: await serveSimulation({ simulation, host: source }),
    target: await serveSimulation({ simulation, host: target }),
  };
  const folder = temporaryFolder("command");
  const at = { source: new URL(served.source.url).host, target: new URL(served.target.url).host };
  return {
    ...{ simulation, source, target, at, index, image, name: `${at.source}/acme/app:v1` },
    path: (...names) => join(folder.path, ...names),
    stop: (which) => served[which].close(),
    async start(which): Promise<void> {
      const { port } = served[which];
      served[which] = await serveSimulation({ simulation, host: hosts[which], port });
    },
    async close(): Promise<void> {
      await Promise.all([served.source.close(), served.target.close()]);
      folder.remove();
    },
  };
}

/** Requests for the bytes of blobs, in the order in which they came. */
export function blobReads({ simulation, source }: CommandWorld): readonly LoggedRequest[] {
  return simulation.log.filter(({ host, method, target }) =>
    host === source.origin && method === "GET" && target.includes("/blobs/sha256:")
  );
}

/** Requests of uploads. */
export function uploadWrites({ simulation, target }: CommandWorld): readonly LoggedRequest[] {
  return simulation.log.filter((entry) =>
    entry.host === target.origin && entry.target.includes("/blobs/uploads")
  );
}

/** Bytes of requests, by what they are told apart by. */
export function sumBy(
  entries: readonly LoggedRequest[],
  bytesOf: (entry: LoggedRequest) => number,
  keyOf: (entry: LoggedRequest) => string,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const entry of entries) {
    sums.set(keyOf(entry), (sums.get(keyOf(entry)) ?? 0) + bytesOf(entry));
  }
  return sums;
}

/** Every blob of a cache is what its name says: by `cache verify`, and counted apart from it. */
export async function expectRightCache(runtime: CommandRuntime, cache: string): Promise<void> {
  const folder = join(cache, "blobs", "sha256");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const hash = createHash("sha256").update(readFileSync(join(folder, name))).digest("hex");
    expect(hash).toBe(name);
  }
  const { status, stderr, stdout } = await tidegate(runtime, cache, ["cache", "verify"]);
  const isThere = existsSync(join(cache, "oci-layout"));
  expect({ status, text: stdout + stderr }).toMatchObject({ status: isThere ? 0 : 3 });
}
