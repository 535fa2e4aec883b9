import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { createSimulation, type Demo, seedDemo } from "../../src/simulation/mod.ts";
import { type ServedWorker, serveWorker } from "../serve_worker.ts";
import type { Rule } from "./judge.ts";
import { type ServedDoor, startServedDoors } from "./served_doors.ts";
import { EVERYTHING_ON, RESULTS, type SuiteRun } from "./suite.ts";
import type { Stoppable, Upstream } from "./upstreams.ts";

/** One run of the suite, and how it is judged. */
export interface Target extends SuiteRun {
  /** In the report: what answers. */
  readonly title: string;
  /** Absent for an upstream alone, which nobody here answers for. */
  readonly rule?: Rule;
  /** Name of the target whose failures do not count here. */
  readonly alone?: string;
}

/** Cases that a whole run runs, less some: their number varies a little with the random content. */
const PUSH_CASES = 780;
const PULL_CASES = 60;

/** Anonymous mounts: the specification lets a registry do without. */
const SKIPS = 2;

/** The simulation with everything on that a registry may do without. */
const LENIENT = { anonymousMount: true, sparseImages: true, sparseIndexes: true } as const;

/** The repository that the runs without pushes read. */
const SEEDED = "library/hello";

/** What the targets are made of: servers that run until they are closed. */
export interface Servers {
  readonly simulation: Upstream;
  readonly upstreams: readonly Upstream[];
  /** Through which everything may be pushed and deleted. */
  readonly door: ServedWorker;
  /** Through which everything may be pulled, and nothing else. */
  readonly pullDoor: ServedWorker;
  /** The first again, before the simulation alone, on runtimes that have sockets. */
  readonly servedDoors: readonly ServedDoor[];
  readonly demo: Demo;
}

/**
 * Start the simulation, and front doors before it and the upstreams.
 *
 * @param folder For what they need.
 * @param started Takes each as soon as it runs.
 */
export async function startServers(
  upstreams: readonly Upstream[],
  folder: string,
  started: Stoppable[],
): Promise<Servers> {
  const keep = <T extends { close(): Promise<void> }>(server: T): T => {
    started.push({ stop: () => server.close() });
    return server;
  };
  const world = createSimulation();
  const demo = await seedDemo(
    world.registry("registry.test", { push: LENIENT }),
  );
  const { host } = new URL(keep(await serveSimulation({ simulation: world })).url);
  const simulation = { name: "simulation", title: "the simulation", host };
  const door = keep(await serveDoor([simulation, ...upstreams], "pull,push,delete", "door.log"));
  const pullDoor = keep(await serveDoor([simulation], "pull", "pull-only-door.log"));
  const config = doorConfig([simulation], "pull,push,delete");
  const servedDoors = await startServedDoors(config, SECRETS, folder, started);
  return { simulation, upstreams, door, pullDoor, servedDoors, demo };
}

const SECRETS = { SEAL_KEY: Buffer.alloc(32, 7).toString("base64") };

function serveDoor(
  upstreams: readonly Upstream[],
  actions: string,
  logName: string,
): Promise<ServedWorker> {
  const config = JSON.stringify(doorConfig(upstreams, actions));
  return serveWorker({ port: 0, config, secrets: SECRETS, log: logTo(logName) });
}

function doorConfig(upstreams: readonly Upstream[], actions: string): object {
  return {
    upstreams: upstreams.map(({ name, host }) => ({
      ...{ name, origin: `http://${host}`, prefix: name, insecure: true },
    })),
    access: { anonymous: upstreams.map(({ name }) => `${name}/**:${actions}`) },
    ranges: "verified",
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
}

/** Writes lines to a new file beside the results. */
function logTo(name: string): (line: string) => void {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, name);
  writeFileSync(file, "");
  return (line) => appendFileSync(file, `${line}\n`);
}

/** Every run, in the order of the report. */
export function listTargets(servers: Servers): readonly Target[] {
  const { simulation, upstreams, door, pullDoor, servedDoors, demo } = servers;
  const front = new URL(door.url).host;
  const whole = { cases: PUSH_CASES, everything: true };
  const strict = { ...whole, skips: SKIPS };
  const reading = { rule: { cases: PULL_CASES }, groups: pullGroups(demo) };
  return [
    { ...direct(simulation), rule: strict },
    { ...through(simulation, front), rule: strict },
    ...servedDoors.map((served) => ({ ...throughServed(simulation, served), rule: strict })),
    ...upstreams.flatMap((upstream) => [
      direct(upstream),
      { ...through(upstream, front), rule: whole, alone: upstream.name },
    ]),
    {
      ...{ name: "simulation-read-only", title: "the simulation, read-only" },
      ...{ registry: simulation.host, ...reading, settings: reads(SEEDED) },
    },
    {
      ...{ name: "pull-only-door", title: "front door to the simulation, pull-only" },
      ...{ registry: new URL(pullDoor.url).host, ...reading },
      settings: reads(`${simulation.name}/${SEEDED}`),
    },
  ];
}

/** Repositories of their own for both ways, so that each finds the registry empty. */
function direct({ name, title, host }: Upstream): Target {
  return { name, title, registry: host, settings: pushing("direct") };
}

function through({ name, title }: Upstream, front: string): Target {
  const settings = pushing(`${name}/door`);
  return { name: `door-${name}`, title: `front door to ${title}`, registry: front, settings };
}

function throughServed({ name, title }: Upstream, { runtime, host }: ServedDoor): Target {
  const id = `serve-${runtime.toLowerCase()}`;
  const settings = pushing(`${name}/${id}`);
  return { name: id, title: `front door on ${runtime} to ${title}`, registry: host, settings };
}

function pushing(path: string): Record<string, string> {
  return { OCI_REPO1: `${path}/repo1`, OCI_REPO2: `${path}/repo2`, ...EVERYTHING_ON };
}

function reads(repository: string): Record<string, string> {
  return {
    ...{ OCI_REPO1: repository, OCI_API_PUSH: "false" },
    ...{ OCI_API_BLOBS_DELETE: "false", OCI_API_MANIFESTS_DELETE: "false" },
    ...{ OCI_API_TAGS_DELETE: "false", OCI_API_BLOBS_UPLOAD_CANCEL: "false" },
  };
}

/**
 * What of the suite needs no push. Apart, because the suite of July 2026 ends before it has written
 * its results when it meets a group of pushed blobs with pushes off, or data that no group used.
 */
function pullGroups({ hello, sbom }: Demo): NonNullable<SuiteRun["groups"]> {
  const images = [hello, ...hello.children, sbom];
  const blobs = images.flatMap((image) => image.blobs.map(({ digest }) => digest));
  const data = {
    OCI_RO_DATA_TAGS: "latest 1 1.0 docker",
    OCI_RO_DATA_MANIFESTS: images.map(({ digest }) => digest).join(" "),
    OCI_RO_DATA_BLOBS: [...new Set(blobs)].join(" "),
    OCI_RO_DATA_REFERRERS: hello.digest,
  };
  return {
    ...{ "ping": {}, "empty": {}, "missing-manifest": {}, "invalid-digest-format": {} },
    "read-only": data,
  };
}
