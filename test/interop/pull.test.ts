import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LayoutWriter } from "../support/oci_layout_node.ts";
import { type Running, temporaryFolder } from "../support/processes_node.ts";
import { startTokenServer, type TokenServer } from "../support/token_server_node.ts";
import {
  type Containerd,
  digestsOf,
  failure,
  podman,
  skopeo,
  skopeoPull,
  skopeoPush,
  startContainerd,
} from "./clients.ts";
import { type RunningDoor, sha256Hex, startDoor } from "./front_door.ts";
import { BASIC, type RealRegistry, startRegistry } from "./registries.ts";

const FULL = process.env["TIDEGATE_FULL"] === "1";
const BIG_BYTES = FULL ? 1024 ** 3 : 64 * 1024 ** 2;
const TOKEN = "ci-token-for-interop";
const CI = `ci:${TOKEN}`;

const IMAGES = ["one", "forty", "multi", "big"] as const;

/** How each upstream is reached directly, and through the door. */
const UPSTREAMS = [
  { name: "open", direct: undefined, door: undefined },
  { name: "basic", direct: `${BASIC.username}:${BASIC.password}`, door: CI },
  { name: "token", direct: `${BASIC.username}:${BASIC.password}`, door: CI },
] as const;

const folder = temporaryFolder("interop");
const started: Running[] = [];
const registries = new Map<string, RealRegistry>();
let tokens: TokenServer;
let door: RunningDoor;
let containerd: Containerd;

function keep<T extends Running>(server: T): T {
  started.push(server);
  return server;
}

async function writeFixtures(): Promise<string> {
  const layout = new LayoutWriter(join(folder.path, "layout"));
  await layout.image("one", { layers: 1, layerBytes: 100_000 });
  await layout.image("forty", { layers: 40, layerBytes: 50_000 });
  await layout.index("multi", ["amd64", "arm64", "s390x"]);
  await layout.image("big", { layers: 1, layerBytes: BIG_BYTES });
  return layout.folder;
}

function doorConfig(): object {
  const at = (name: string) => `http://${registries.get(name)?.host}`;
  return {
    upstreams: [
      { name: "open", origin: at("open"), prefix: "open", insecure: true, default: true },
      {
        ...{ name: "basic", origin: at("basic"), prefix: "basic", insecure: true },
        credentials: { username: BASIC.username, password: { secret: "BASIC_PASSWORD" } },
      },
      {
        ...{ name: "token", origin: at("token"), prefix: "token", insecure: true },
        credentials: { username: BASIC.username, password: { secret: "BASIC_PASSWORD" } },
        tokenOrigins: [new URL(tokens.auth.realm).origin],
      },
    ],
    access: {
      anonymous: ["open/app/**:pull"],
      tokens: [
        { name: "ci", sha256: sha256Hex(TOKEN), allow: ["basic/app/**:pull", "token/app/**:pull"] },
      ],
    },
  };
}

beforeAll(async () => {
  const at = (name: string) => join(folder.path, name);
  registries.set("open", keep(await startRegistry(at("open"))));
  registries.set("basic", keep(await startRegistry(at("basic"), { htpasswd: BASIC.htpasswd })));
  mkdirSync(at("tokens"));
  tokens = await startTokenServer(at("tokens"), {
    users: { [BASIC.username]: BASIC.password },
    allow: (user) => user === BASIC.username,
  });
  registries.set("token", keep(await startRegistry(at("token"), { token: tokens.auth })));
  const layout = await writeFixtures();
  for (const { name, direct } of UPSTREAMS) {
    const host = registries.get(name)?.host;
    const options = direct === undefined ? {} : { credentials: direct };
    for (const image of IMAGES) {
      await skopeoPush(layout, image, `${host}/app/${image}:latest`, options);
    }
    await skopeoPush(layout, "one", `${host}/private/one:latest`, options);
  }
  door = keep(await startDoor(folder.path, doorConfig(), { BASIC_PASSWORD: BASIC.password }));
  containerd = keep(await startContainerd(at("containerd")));
}, 600_000);

afterAll(async () => {
  for (const server of started.reverse()) await server.stop();
  await tokens?.close();
  folder.remove();
});

const CASES = UPSTREAMS.flatMap((upstream) => IMAGES.map((image) => ({ ...upstream, image })));

describe.each(CASES)("$image from the $name registry", ({ name, image, direct, door: asDoor }) => {
  const credentials = asDoor === undefined ? {} : { credentials: asDoor };
  const directly = direct === undefined ? {} : { credentials: direct };
  const behind = () => `${registries.get(name)?.host}/app/${image}:latest`;
  const through = () => `${door.host}/${name}/app/${image}:latest`;

  it("skopeo copies the same files through the door as directly", async () => {
    const out = (way: string) => join(folder.path, `skopeo-${name}-${image}-${way}`);
    const direct = await skopeoPull(behind(), out("direct"), directly);
    expect(failure(direct)).toBe("");
    expect(failure(await skopeoPull(through(), out("door"), credentials))).toBe("");
    expect(await digestsOf(out("door"))).toEqual(await digestsOf(out("direct")));
    for (const way of ["door", "direct"]) rmSync(out(way), { recursive: true });
  });

  it("podman unpacks the same layers", async () => {
    const at = (way: string) => join(folder.path, `podman-${name}-${image}-${way}`);
    const [direct, front] = [podman(at("direct")), podman(at("door"))];
    expect(failure(await direct.pull(behind(), directly))).toBe("");
    expect(failure(await front.pull(through(), credentials))).toBe("");
    expect(await front.digest(through())).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await front.digest(through())).toBe(await direct.digest(behind()));
    expect(await front.layers(through())).toEqual(await direct.layers(behind()));
    direct.close();
    front.close();
    for (const way of ["door", "direct"]) rmSync(at(way), { recursive: true });
  });

  it("containerd fetches the same content", async () => {
    const [a, b] = [`${name}-${image}-direct`, `${name}-${image}-door`];
    expect(failure(await containerd.fetch(a, behind(), directly))).toBe("");
    expect(failure(await containerd.fetch(b, through(), credentials))).toBe("");
    expect((await containerd.content(b)).length).toBeGreaterThan(2);
    expect(await containerd.content(b)).toEqual(await containerd.content(a));
  });
});

describe("the registry with token authentication", () => {
  it("gives nothing to a client without credentials", async () => {
    const { status } = await skopeo("inspect", `${registries.get("token")?.host}/app/one:latest`);
    expect(status).not.toBe(0);
  });

  it("was asked for tokens by the door, one scope at a time, and not for every blob", () => {
    const asked = tokens.log.filter(({ url }) =>
      url.includes("app%2Fforty") || url.includes("app/forty")
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(40);
  });
});

describe("without a right", () => {
  const REFUSED = /denied|unauthorized|authentication required|403 Forbidden/i; // ctr shows the status

  it.each([
    ["a repository that no rule opens", "open/private/one", undefined],
    ["an upstream that is not open", "basic/app/one", undefined],
    ["another one", "token/app/one", undefined],
    ["a token that lacks the repository", "basic/private/one", CI],
    ["a repository that does not exist", "open/private/nothing", undefined],
  ])("%s is plainly denied to every client", async (_, name, asDoor) => {
    const image = `${door.host}/${name}:latest`;
    const options = asDoor === undefined ? {} : { credentials: asDoor };
    const store = podman(join(folder.path, `podman-denied-${name.replaceAll("/", "-")}`));
    const outcomes = [
      await skopeo("inspect", image, options),
      await skopeoPull(image, join(folder.path, "denied"), options),
      await store.pull(image, options),
      await containerd.fetch("denied", image, options),
    ];
    store.close();
    for (const { status, stderr } of outcomes) {
      expect(status).not.toBe(0);
      expect(stderr).toMatch(REFUSED);
      expect(stderr).not.toContain(registries.get("open")?.host);
    }
  });

  it("a wrong token is refused, not taken for anonymous", async () => {
    const { status, stderr } = await skopeo("inspect", `${door.host}/open/app/one:latest`, {
      credentials: "ci:wrong",
    });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(REFUSED);
  });
});

describe("skopeo's other questions", () => {
  it("list-tags and inspect answer as the registry does", async () => {
    for (const command of ["list-tags", "inspect"]) {
      const tag = command === "inspect" ? ":latest" : "";
      const direct = await skopeo(command, `${registries.get("open")?.host}/app/one${tag}`);
      const front = await skopeo(command, `${door.host}/open/app/one${tag}`);
      const plain = (text: string) => ({ ...JSON.parse(text), Name: "", Repository: "" });
      expect(plain(front.stdout)).toEqual(plain(direct.stdout));
    }
  });

  it("a pull by digest gets that manifest", async () => {
    const { stdout } = await skopeo("inspect", `${door.host}/open/app/one:latest`);
    const { Digest } = JSON.parse(stdout) as { Digest: string };
    const out = join(folder.path, "by-digest");
    const pulled = await skopeoPull(`${door.host}/open/app/one@${Digest}`, out);
    expect(failure(pulled)).toBe("");
    expect((await digestsOf(out))["manifest.json"]).toBe(Digest.replace("sha256:", ""));
  });
});
