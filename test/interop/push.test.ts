import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCommand, findGoTool } from "../../tools/go_tools.ts";
import { failure, skopeo, skopeoPush } from "./clients.ts";
import { type RunningDoor, sha256Hex, startDoor } from "./front_door.ts";
import { resetPeak, workerdMemory } from "./memory.ts";
import {
  ARTIFACT_TYPE,
  type ArtifactClient,
  artifactClient,
  type ClientName,
  type PushClient,
  pushClients,
} from "./push_clients.ts";
import {
  CLIENTS,
  FULL,
  type ImageName,
  IMAGES,
  type PushWorld,
  startPushWorld,
} from "./push_world.ts";
import {
  type RealRegistry,
  startDistribution,
  startOlareg,
  startRegistry,
  startZot,
} from "./registries.ts";

/** Pushes straight to the upstreams: tells a fault of the door from one of a client. */
const DIRECT = process.env["TIDEGATE_INTEROP_DIRECT"] === "1";
const TOKEN = "ci-token-for-pushes";
const CI = `ci:${TOKEN}`;
/** More than workerd needs for anything but a whole layer of the long run. */
const MAX_PEAK_MIB = 600;

interface Upstream {
  readonly name: string;
  /** Whether it takes anonymous pushes. */
  readonly open: boolean;
  readonly images: readonly ImageName[];
  start(): Promise<RealRegistry>;
}

const [distribution, olareg, zot] = [
  findGoTool("distribution"),
  findGoTool("olareg"),
  findCommand("zot"),
];

/** The digest of what a tag names, asked without the door. */
async function digestOf(image: string): Promise<string> {
  const inspected = await skopeo(["inspect", "--format", "{{.Digest}}"], image);
  expect(failure(inspected)).toBe("");
  return inspected.stdout.trim();
}

/** Whether a registry prints one line for each request, as distribution does. */
function logsRequests(upstream: string): boolean {
  return upstream === "debian" || upstream === "v3";
}

/** Number of blobs that a registry has mounted into a repository. */
function mountsAt(upstream: string, repository: string): number {
  const lines = (registries.get(upstream)?.output() ?? "").split("\n");
  return lines.filter((line) =>
    line.includes(`/v2/up/${repository}/blobs/uploads/?`) && line.includes("mount=sha256") &&
    line.includes("http.response.status=201")
  ).length;
}

/** Registries behind the door, those of them that are installed. */
const UPSTREAMS: readonly Upstream[] = [
  { name: "debian", open: true, images: IMAGES, start: () => startRegistry(world.at("debian")) },
  ...distribution === undefined ? [] : [{
    ...{ name: "v3", open: false, images: FULL ? IMAGES : ["multi"] as const },
    start: () => startDistribution(distribution, world.at("v3")),
  }],
  ...zot === undefined || !FULL ? [] : [{
    ...{ name: "zot", open: false, images: IMAGES },
    start: () => startZot(zot, world.at("zot")),
  }],
  ...olareg === undefined || !FULL ? [] : [{
    ...{ name: "olareg", open: false, images: ["one", "forty", "multi"] as const },
    start: () => startOlareg(olareg, world.at("olareg")),
  }],
];

const registries = new Map<string, RealRegistry>();
let world: PushWorld;
let door: RunningDoor | undefined;
let clients: readonly PushClient[];
let oras: ArtifactClient | undefined;

/** An image in a registry, straight. */
function behind(upstream: string, image: string): string {
  return `${registries.get(upstream)?.host}/up/${image}`;
}

/** The same image through the door. */
function through(upstream: string, image: string): string {
  return DIRECT ? behind(upstream, image) : `${door?.host}/${upstream}/up/${image}`;
}

function clientOf(name: ClientName): PushClient {
  const found = clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}

function doorConfig(): object {
  return {
    upstreams: UPSTREAMS.map(({ name }) => ({
      ...{ name, origin: `http://${registries.get(name)?.host}`, prefix: name, insecure: true },
    })),
    access: {
      anonymous: UPSTREAMS.filter(({ open }) => open).map(({ name }) => `${name}/up/**:pull,push`),
      tokens: [{
        ...{ name: "ci", sha256: sha256Hex(TOKEN) },
        allow: UPSTREAMS.map(({ name }) => `${name}/up/**:pull,push`),
      }],
    },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
}

beforeAll(async () => {
  world = await startPushWorld("push", IMAGES);
  for (const { name, start } of UPSTREAMS) registries.set(name, world.keep(await start()));
  const secrets = { SEAL_KEY: Buffer.alloc(32, 9).toString("base64") };
  if (!DIRECT) door = world.keep(await startDoor(world.at("."), doorConfig(), secrets));
  const hosts = [world.sourceHost, ...[...registries.values()].map(({ host }) => host)];
  const accounts = door === undefined ? {} : { [door.host]: CI };
  if (door !== undefined) hosts.push(door.host);
  clients = await pushClients(world.at("accounts"), accounts, hosts, world.stores);
  oras = artifactClient(world.at("accounts"), accounts);
}, 900_000);

afterAll(() => world.close());

const CASES = UPSTREAMS.flatMap(({ name, images }) =>
  CLIENTS.flatMap((client) => images.map((image) => ({ name, client, image })))
);

describe.each(CASES)("$client pushes $image to $name", ({ name, client, image }) => {
  const target = `${client}-${image}:latest`;
  const isLong = FULL && image === "big";

  /** Copy, and ask the registry itself what it has; a long layer is pulled back once. */
  async function expectCopied(from: string, to: string): Promise<void> {
    const found = clientOf(client);
    const pushed = await found.copy(from, through(name, to));
    expect(failure(pushed)).toBe("");
    if (isLong && to !== target) return await expectManifest(to, found, pushed.stdout);
    if (found.keepsBytes) await world.expectSame(image, behind(name, to));
    else await world.expectPacked(image, behind(name, to), pushed.stdout);
  }

  async function expectManifest(to: string, found: PushClient, pushed: string): Promise<void> {
    const from = found.keepsBytes ? await digestOf(world.source(image)) : pushed.trim();
    expect(await digestOf(behind(name, to))).toBe(from);
  }

  it("and the registry has the same bytes", async () => {
    if (door !== undefined) resetPeak(door);
    await expectCopied(world.source(image), target);
    if (door === undefined || image !== "big") return;
    const { peakMib, residentMib } = workerdMemory(door);
    console.log(`workerd: at most ${peakMib} MiB, then ${residentMib} MiB (${client}, ${name})`);
    expect(peakMib).toBeLessThan(MAX_PEAK_MIB);
  });

  it("again, with every blob there already", async () => {
    await expectCopied(world.source(image), target.replace("latest", "again"));
  });

  it("and copies it to another repository, mounting blobs", async () => {
    await expectCopied(through(name, target), `${client}-mounted/${image}:latest`);
    if (logsRequests(name)) expect(mountsAt(name, `${client}-mounted/${image}`)).toBeGreaterThan(0);
  });
});

describe.runIf(findGoTool("oras")).each(UPSTREAMS)("oras and $name", ({ name }) => {
  it("attaches an artifact to an image, and finds it through the door and without", async () => {
    const image = "referred:latest";
    const copied = await clientOf("oras").copy(world.source("multi"), through(name, image));
    expect(failure(copied)).toBe("");
    writeFileSync(world.at("accounts/sbom.txt"), "nothing in it\n");
    const attached = await oras?.attach(through(name, image), "sbom.txt");
    expect(attached && failure(attached)).toBe("");
    for (const way of [through(name, image), behind(name, image)]) {
      const found = await oras?.discover(way);
      expect(found && failure(found)).toBe("");
      const { manifests } = JSON.parse(found?.stdout ?? "{}") as { manifests: object[] };
      expect(manifests).toMatchObject([{ artifactType: ARTIFACT_TYPE }]);
    }
  });
});

describe.skipIf(DIRECT)("without a right", () => {
  // skopeo looks for the blobs with HEAD, whose answers have no body
  const REFUSED = /denied|unauthorized|authentication required|403 \(?Forbidden\)?/i;
  const push = (image: string): Promise<void> => skopeoPush(world.layout, "one", image);

  it.each(UPSTREAMS)("an anonymous push to $name ends as the rules say", async ({ name, open }) => {
    const pushed = push(through(name, "anonymous:latest"));
    await (open
      ? expect(pushed).resolves.toBeUndefined()
      : expect(pushed).rejects.toThrow(REFUSED));
  });

  it("one to a repository that no rule opens is denied", async () => {
    await expect(push(`${door?.host}/debian/private/one:latest`)).rejects.toThrow(REFUSED);
  });
});
