import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { nodeFiles } from "../../src/cli/host_node.ts";
import type { CliHost, HostFiles, TextSink } from "../../src/cli/host.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { concatBytes, decodeUtf8, encodeUtf8, systemClock } from "../../src/core/mod.ts";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  type BuiltImage,
  createSimulation,
  dockerHub,
  type SimulatedDockerHub,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import { nodeHasher, serveHosts } from "../../src/simulation/serve_node.ts";

/** A password that must show up nowhere. */
export const CLI_CANARY = "canary-cli-5b1f0c77";

/** How one command line is run. */
export interface CliRun {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** What the user types when asked. */
  readonly typed?: readonly string[];
  /** Whether standard error is a terminal. */
  readonly isTerminal?: boolean;
  /** Whether standard output is one. */
  readonly isOutTerminal?: boolean;
  /** In place of the disk. */
  readonly files?: HostFiles;
  readonly signal?: AbortSignal;
  readonly largeFetch?: CliHost["largeFetch"];
  /** In place of programs. */
  readonly runHelper?: CliHost["runHelper"];
}

/** What a command line came to. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly bytes: Uint8Array;
  readonly err: string;
}

/** Registries on loopback, a folder, and the command. */
export interface CliWorld {
  readonly simulation: Simulation;
  /** Takes pushes from everybody. Has `acme/app:v1` and `v2`. */
  readonly registry: SimulatedRegistry;
  /** The same, empty. */
  readonly other: SimulatedRegistry;
  /** For the user `ann` with {@linkcode CLI_CANARY} alone. Has `acme/app:v1`. */
  readonly locked: SimulatedRegistry;
  /** Open to all, with tokens from another origin. Has `acme/app:v1`. */
  readonly remote: SimulatedRegistry;
  readonly hub: SimulatedDockerHub;
  /** Where the tokens of `remote` come from. */
  readonly tokenOrigin: string;
  /** `HOST:PORT` of each, as references name them. */
  readonly at: Readonly<Record<"registry" | "other" | "locked" | "remote" | "hub", string>>;
  /** `v1`: for amd64 and arm64. */
  readonly index: BuiltImage;
  /** `v2`: for amd64 alone, shares a layer with `v1`. */
  readonly image: BuiltImage;
  /** An empty folder of its own. */
  readonly folder: string;
  /** Run `tidegate` with these words. */
  run(words: readonly string[], how?: CliRun): Promise<CliResult>;
  /** A file in the folder. */
  path(...names: readonly string[]): string;
  close(): Promise<void>;
}

async function fillRegistry(
  registry: SimulatedRegistry,
): Promise<Pick<CliWorld, "index" | "image">> {
  const shared = { files: { "base.txt": "the same in both\n" } };
  const config = { Env: ["PATH=/bin", "MODE=one"], Cmd: ["/run"], Labels: { team: "tide" } };
  const amd64 = await buildImage({ layers: [shared, 70_000], seed: 21, config });
  const arm64 = await buildImage({
    layers: [shared, 3000],
    seed: 22,
    platform: { os: "linux", architecture: "arm64" },
  });
  const index = await buildIndex({ manifests: [amd64, arm64] });
  const image = await buildImage({
    layers: [shared, 90_000],
    seed: 23,
    config: { ...config, Env: ["PATH=/bin", "MODE=two"] },
  });
  const sbom = await buildArtifact({
    artifactType: "application/spdx+json",
    content: "{}",
    subject: index,
  });
  registry.add("acme/app", { image: index, tags: ["v1"] });
  registry.add("acme/app", { image, tags: ["v2"] });
  registry.add("acme/app", { image: sbom });
  return { index, image };
}

/** Open a world. Close it. */
export async function openCliWorld(): Promise<CliWorld> {
  const simulation = createSimulation();
  const push = { hasher: nodeHasher };
  const registry = simulation.registry("registry.test", { push });
  const other = simulation.registry("other.test", { push });
  const locked = simulation.registry("locked.test", {
    push,
    auth: { mode: "basic", users: { ann: CLI_CANARY } },
  });
  const tokens = simulation.tokenService("auth.test", { users: { ann: CLI_CANARY } });
  const remote = simulation.registry("remote.test", { push, auth: { mode: "bearer", tokens } });
  const hub = dockerHub(simulation, { users: { ann: { password: CLI_CANARY } }, push });
  const { index, image } = await fillRegistry(registry);
  await fillRegistry(locked);
  await fillRegistry(remote);
  hub.add("library/app", { image, tags: ["latest"] });
  hub.add("ratelimitpreview/test", { image, tags: ["latest"] });
  const served = await serveHosts(simulation);
  const folder = await mkdtemp(join(tmpdir(), "tidegate-cli-"));
  const host = (name: string): string => new URL(served.url(name)).host;
  const hubEnv = {
    DOCKER_HUB_URL: served.url("hub.docker.com"),
    DOCKER_REGISTRY_URL: served.url("registry-1.docker.io"),
    DOCKER_AUTH_URL: served.url("auth.docker.io"),
    DOCKER_MAX_RETRIES: "0",
  };
  return {
    ...{ simulation, registry, other, locked, remote, hub, index, image, folder },
    tokenOrigin: served.url("auth.test"),
    at: {
      registry: host("registry.test"),
      other: host("other.test"),
      locked: host("locked.test"),
      remote: host("remote.test"),
      hub: host("registry-1.docker.io"),
    },
    path: (...names) => join(folder, ...names),
    run: (words, how = {}) => runIn(folder, words, { ...how, env: { ...hubEnv, ...how.env } }),
    async close(): Promise<void> {
      await served.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Run a command line in a folder, without a process. */
export async function runIn(
  folder: string,
  words: readonly string[],
  how: CliRun = {},
): Promise<CliResult> {
  const [out, err] = [memorySink(how.isOutTerminal ?? false), memorySink(how.isTerminal ?? false)];
  const typed = [...how.typed ?? []];
  let isRead = false;
  const host: CliHost = {
    stdout: out.sink,
    stderr: err.sink,
    async *stdin(): AsyncGenerator<Uint8Array> {
      if (isRead) return; // a stream, so once
      isRead = true;
      yield typeof how.stdin === "string" ? encodeUtf8(how.stdin) : how.stdin ?? new Uint8Array();
    },
    ask: () => Promise.resolve(typed.shift()),
    env: how.env ?? {},
    signal: how.signal ?? new AbortController().signal,
    clock: systemClock,
    files: how.files ?? nodeFiles,
    largeFetch: how.largeFetch,
    cacheHome: join(folder, "home-cache"),
    dockerConfigPath: join(folder, "docker", "config.json"),
    runHelper: how.runHelper ?? (() => Promise.reject(new Error("No helper is there"))),
  };
  const code = await runCommandLine(words, host, "0.0.0-test");
  const bytes = out.bytes();
  const text = [bytes, err.bytes()].map((one) => new TextDecoder().decode(one));
  return { code, bytes, out: text[0] ?? "", err: text[1] ?? "" };
}

function memorySink(isTerminal: boolean): { sink: TextSink; bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  return {
    bytes: () => concatBytes(chunks),
    sink: {
      isTerminal,
      columns: () => 100,
      write(chunk): Promise<void> {
        chunks.push(typeof chunk === "string" ? encodeUtf8(chunk) : chunk.slice());
        return Promise.resolve();
      },
    },
  };
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

export { decodeUtf8 };

/** Run a command that pushes, and stop it as Ctrl-C does while its third chunk is on its way. */
export async function runToThirdChunk(
  { run, simulation: { faults, log } }: CliWorld,
  words: readonly string[],
  env: Record<string, string>,
): Promise<CliResult> {
  const stop = new AbortController();
  const action = { kind: "delay", ms: 60_000 } as const;
  const remove = faults.add({ host: "other.test", method: "PATCH", nth: 3, action });
  const before = log.length;
  const chunks = (): number => log.slice(before).filter(({ method }) => method === "PATCH").length;
  const running = run(words, { env, signal: stop.signal });
  await expect.poll(chunks, { timeout: 60_000 }).toBe(3);
  stop.abort();
  const result = await running;
  remove();
  return result;
}
