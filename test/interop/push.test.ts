import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findGoTool } from "../../tools/go_tools.ts";
import { LayoutWriter } from "../support/oci_layout_node.ts";
import { type Running, temporaryFolder } from "../support/processes_node.ts";
import { digestsOf, failure, podman, skopeoPull, skopeoPush } from "./clients.ts";
import { sha256Hex, startDoor } from "./front_door.ts";
import {
  ARTIFACT_TYPE,
  type ArtifactClient,
  artifactClient,
  type PushClient,
  pushClients,
} from "./push_clients.ts";
import { type RealRegistry, startDistribution, startOlareg, startRegistry } from "./registries.ts";

const FULL = process.env["TIDEGATE_FULL"] === "1";
/** Pushes straight to the upstreams: tells a fault of the door from one of a client. */
const DIRECT = process.env["TIDEGATE_INTEROP_DIRECT"] === "1";
const BIG_BYTES = FULL ? 1024 ** 3 : 64 * 1024 ** 2;
const TOKEN = "ci-token-for-pushes";
const CI = `ci:${TOKEN}`;
const IMAGES = ["one", "forty", "multi", "big"] as const;

const distribution = findGoTool("distribution");
const olareg = findGoTool("olareg");

/** Registries behind the door, those of them that are installed; `open` ones take anonymous pushes. */
const UPSTREAMS = [
  { name: "debian", open: true, start: () => startRegistry(at("debian")) },
  ...distribution === undefined
    ? []
    : [{ name: "v3", open: false, start: () => startDistribution(distribution, at("v3")) }],
  ...olareg === undefined
    ? []
    : [{ name: "olareg", open: false, start: () => startOlareg(olareg) }],
];

const folder = temporaryFolder("push");
const started: Running[] = [];
const registries = new Map<string, RealRegistry>();
const expected = new Map<string, Record<string, string>>();
let source: RealRegistry;
let door: string;
let clients: readonly PushClient[];
let oras: ArtifactClient | undefined;

function at(name: string): string {
  return join(folder.path, name);
}

function keep<T extends Running>(server: T): T {
  started.push(server);
  return server;
}

/** An image in a registry, straight. */
function behind(upstream: string, image: string): string {
  return `${registries.get(upstream)?.host}/up/${image}`;
}

/** The same image through the door. */
function through(upstream: string, image: string): string {
  return DIRECT ? behind(upstream, image) : `${door}/${upstream}/up/${image}`;
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

/** Files of an image as the registry itself gives them, without the door. */
async function filesOf(image: string): Promise<Record<string, string>> {
  const out = at(`pulled-${sha256Hex(image).slice(0, 16)}`);
  const pulled = await skopeoPull(image, out);
  expect(failure(pulled)).toBe("");
  return await digestsOf(out);
}

async function fillSource(): Promise<void> {
  const layout = new LayoutWriter(at("layout"));
  await layout.image("one", { layers: 1, layerBytes: 100_000 });
  await layout.image("forty", { layers: 40, layerBytes: 50_000 });
  await layout.index("multi", ["amd64", "arm64", "s390x"]);
  await layout.image("big", { layers: 1, layerBytes: BIG_BYTES });
  for (const image of IMAGES) {
    await skopeoPush(layout.folder, image, `${source.host}/app/${image}:latest`);
    expected.set(image, await filesOf(`${source.host}/app/${image}:latest`));
  }
}

beforeAll(async () => {
  source = keep(await startRegistry(at("source")));
  for (const { name, start } of UPSTREAMS) registries.set(name, keep(await start()));
  await fillSource();
  const secrets = { SEAL_KEY: Buffer.alloc(32, 9).toString("base64") };
  door = DIRECT ? "" : keep(await startDoor(folder.path, doorConfig(), secrets)).host;
  const hosts = [door, source.host, ...[...registries.values()].map(({ host }) => host)];
  const accounts = DIRECT ? {} : { [door]: CI };
  clients = await pushClients(at("accounts"), accounts, hosts.filter(Boolean));
  oras = artifactClient(at("accounts"), accounts);
}, 600_000);

afterAll(async () => {
  for (const server of started.reverse()) await server.stop();
  folder.remove();
});

const CLIENTS = [
  "skopeo",
  ...(["crane", "oras", "regctl"] as const).filter((name) => findGoTool(name) !== undefined),
];
const CASES = UPSTREAMS.flatMap(({ name }) =>
  CLIENTS.flatMap((client) => IMAGES.map((image) => ({ name, client, image })))
);

function clientOf(name: string): PushClient {
  const found = clients.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

describe.each(CASES)("$client pushes $image to $name", ({ name, client, image }) => {
  const target = `${client}-${image}:latest`;

  it("and the registry has the same bytes", async () => {
    const from = `${source.host}/app/${image}:latest`;
    const pushed = await clientOf(client).copy(from, through(name, target));
    expect(failure(pushed)).toBe("");
    expect(await filesOf(behind(name, target))).toEqual(expected.get(image));
  });

  it("again, with every blob there already", async () => {
    const from = `${source.host}/app/${image}:latest`;
    const again = through(name, target.replace("latest", "again"));
    expect(failure(await clientOf(client).copy(from, again))).toBe("");
    expect(await filesOf(behind(name, target.replace("latest", "again"))))
      .toEqual(expected.get(image));
  });

  it("and copies it to another repository", async () => {
    const mounted = `${client}-mounted/${image}:latest`;
    const copied = await clientOf(client).copy(through(name, target), through(name, mounted));
    expect(failure(copied)).toBe("");
    expect(await filesOf(behind(name, mounted))).toEqual(expected.get(image));
  });
});

describe.each(UPSTREAMS)("podman and $name", ({ name }) => {
  it.each(["one", "forty", "big"])(
    "pushes %s, and the registry has what it sent",
    async (image) => {
      const store = podman(at(`podman-${name}-${image}`));
      const from = `${source.host}/app/${image}:latest`;
      expect(failure(await store.pull(from))).toBe("");
      const target = `podman-${image}:latest`;
      const account = DIRECT ? {} : { credentials: CI };
      const pushed = await store.push(from, through(name, target), account);
      expect(failure(pushed)).toBe("");
      store.close();
      const files = await filesOf(behind(name, target));
      expect(`sha256:${files["manifest.json"]}`).toBe(pushed.stdout);
    },
  );
});

describe.runIf(findGoTool("oras")).each(UPSTREAMS)("oras and $name", ({ name }) => {
  it("attaches an artifact, and finds it through the door and without", async () => {
    const image = "skopeo-one:latest";
    writeFileSync(at("accounts/sbom.txt"), "nothing in it\n");
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
  const REFUSED = /denied|unauthorized|authentication required|403 Forbidden/i;
  const push = (image: string): Promise<void> => skopeoPush(at("layout"), "one", image);

  it.each(UPSTREAMS)("an anonymous push to $name ends as the rules say", async ({ name, open }) => {
    const pushed = push(through(name, "anonymous:latest"));
    await (open
      ? expect(pushed).resolves.toBeUndefined()
      : expect(pushed).rejects.toThrow(REFUSED));
  });

  it("one to a repository that no rule opens is denied", async () => {
    await expect(push(`${door}/debian/private/one:latest`)).rejects.toThrow(REFUSED);
  });
});
