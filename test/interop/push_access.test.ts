import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTokenServer, type TokenServer } from "../support/token_server_node.ts";
import { failure, skopeo } from "./clients.ts";
import { type RunningDoor, sha256Hex, startDoor } from "./front_door.ts";
import { type ClientName, type PushClient, pushClients } from "./push_clients.ts";
import { CLIENTS, FULL, type ImageName, type PushWorld, startPushWorld } from "./push_world.ts";
import { BASIC, type RealRegistry, startRegistry } from "./registries.ts";

/** Pushes where everybody must log in: the door before registries that want credentials themselves. */
const UPSTREAMS = ["basic", "token"] as const;
const IMAGES: readonly ImageName[] = FULL ? ["multi", "forty", "big"] : ["multi"];
const WRITER = "writer-token-of-this-suite";
const READER = "reader-token-of-this-suite";
const DIRECT = `${BASIC.username}:${BASIC.password}`;

/** What clients say, each in its own words; to HEAD, with which some begin, the door says no more. */
const DENIED = /denied|403 \(?Forbidden/i;
const NOT_LOGGED_IN = /unauthorized|authentication required|basic (auth )?credential/i;

/** Who the clients are. */
const ACCOUNTS = {
  writer: `writer:${WRITER}`,
  reader: `reader:${READER}`,
  wrong: "writer:not-the-token",
  nobody: undefined,
} as const;
type AccountName = keyof typeof ACCOUNTS;

const registries = new Map<string, RealRegistry>();
const clients = new Map<AccountName, readonly PushClient[]>();
let world: PushWorld;
let tokens: TokenServer;
let door: RunningDoor;

function clientOf(name: ClientName, account: AccountName = "writer"): PushClient {
  const found = clients.get(account)?.find((client) => client.name === name);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}

function behind(upstream: string, image: string): string {
  return `${registries.get(upstream)?.host}/up/${image}`;
}

function through(upstream: string, image: string): string {
  return `${door.host}/${upstream}/up/${image}`;
}

/** Copy as a client that may, and ask the registry itself what it has. */
async function expectCopied(
  client: ClientName,
  image: ImageName,
  from: string,
  to: readonly [upstream: string, image: string],
): Promise<void> {
  const { copy, keepsBytes } = clientOf(client);
  const pushed = await copy(from, through(...to));
  expect(failure(pushed)).toBe("");
  if (keepsBytes) await world.expectSame(image, behind(...to), DIRECT);
  else await world.expectPacked(image, behind(...to), pushed.stdout, DIRECT);
}

/** Whether a registry has a tag, asked without the door. */
async function isThere(upstream: string, image: string): Promise<boolean> {
  const { status, stderr } = await skopeo(["inspect", "--raw"], behind(upstream, image), {
    credentials: DIRECT,
  });
  if (status !== 0) expect(stderr).toMatch(/manifest unknown|name unknown|404/i);
  return status === 0;
}

function doorConfig(): object {
  const upstream = (name: string) => ({
    ...{ name, origin: `http://${registries.get(name)?.host}`, prefix: name, insecure: true },
    credentials: { username: BASIC.username, password: { secret: "UPSTREAM_PASSWORD" } },
  });
  const allow = (actions: string) => UPSTREAMS.map((name) => `${name}/up/**:${actions}`);
  return {
    upstreams: [
      upstream("basic"),
      { ...upstream("token"), tokenOrigins: [new URL(tokens.auth.realm).origin] },
    ],
    access: {
      anonymous: [],
      tokens: [
        { name: "writer", sha256: sha256Hex(WRITER), allow: allow("pull,push,delete") },
        { name: "reader", sha256: sha256Hex(READER), allow: allow("pull") },
      ],
    },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
}

beforeAll(async () => {
  world = await startPushWorld("access", IMAGES);
  mkdirSync(world.at("tokens"));
  tokens = await startTokenServer(world.at("tokens"), {
    users: { [BASIC.username]: BASIC.password },
    allow: (user) => user === BASIC.username,
  });
  const start = async (name: string, auth: Parameters<typeof startRegistry>[1]) =>
    registries.set(name, world.keep(await startRegistry(world.at(name), auth)));
  await start("basic", { htpasswd: BASIC.htpasswd });
  await start("token", { token: tokens.auth });
  const secrets = {
    SEAL_KEY: Buffer.alloc(32, 9).toString("base64"),
    UPSTREAM_PASSWORD: BASIC.password,
  };
  door = world.keep(await startDoor(world.at("."), doorConfig(), secrets));
  for (const [name, account] of Object.entries(ACCOUNTS) as [AccountName, string | undefined][]) {
    const accounts = account === undefined ? {} : { [door.host]: account };
    const hosts = [world.sourceHost, door.host];
    clients.set(name, await pushClients(world.at(name), accounts, hosts, world.stores));
  }
}, 900_000);

afterAll(async () => {
  await tokens?.close();
  await world?.close();
});

describe.each(CLIENTS)("%s, logged in", (client) => {
  const cases = IMAGES.flatMap((image) => UPSTREAMS.map((upstream) => ({ image, upstream })));

  it.each(cases)("pushes $image to the $upstream registry", async ({ image, upstream }) => {
    const to = [upstream, `${client}-${image}:latest`] as const;
    await expectCopied(client, image, world.source(image), to);
  });

  it.each(IMAGES)("copies %s from one upstream of the door to another", async (image) => {
    const from = through("basic", `${client}-${image}:latest`);
    await expectCopied(client, image, from, ["token", `${client}-across/${image}:latest`]);
  });
});

const UNABLE = [
  { account: "reader", refusal: DENIED },
  { account: "wrong", refusal: NOT_LOGGED_IN },
  { account: "nobody", refusal: new RegExp(`${DENIED.source}|${NOT_LOGGED_IN.source}`, "i") },
] as const;
const REFUSALS = CLIENTS.flatMap((client) => UNABLE.map((unable) => ({ client, ...unable })));

describe.each(REFUSALS)("$client as $account", ({ client, account, refusal }) => {
  it("is told why it may not push, and nothing comes to be", async () => {
    const target = `${account}-${client}:latest`;
    const { copy } = clientOf(client, account);
    const { status, stderr } = await copy(world.source("multi"), through("basic", target));
    expect(status).not.toBe(0);
    expect(stderr).toMatch(refusal);
    expect(stderr).not.toContain(registries.get("basic")?.host);
    expect(await isThere("basic", target)).toBe(false);
  });
});

describe.each(CLIENTS)("%s login", (client) => {
  it("succeeds with the token alone", async () => {
    const { logIn } = clientOf(client);
    if (logIn === undefined) return;
    expect(failure(await logIn(door.host, ACCOUNTS.writer))).toBe("");
    const { status, stderr } = await logIn(door.host, ACCOUNTS.wrong);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/unauthorized|authentication required|invalid username|401/i);
  });
});

const REMOVALS = (["skopeo", "crane", "oras", "regctl"] as const)
  .filter((name) => CLIENTS.includes(name))
  .flatMap((client) => UPSTREAMS.map((upstream) => ({ client, upstream })));

describe.each(REMOVALS)("$client at the $upstream registry", ({ client, upstream }) => {
  it("deletes an image when it may, and not when it only reads", async () => {
    const target = `${client}-removed:latest`;
    await expectCopied(client, "multi", world.source("multi"), [upstream, target]);
    const refused = await clientOf(client, "reader").remove?.(through(upstream, target));
    expect(refused?.status).not.toBe(0);
    expect(refused?.stderr).toMatch(DENIED);
    expect(await isThere(upstream, target)).toBe(true);
    const removed = await clientOf(client).remove?.(through(upstream, target));
    expect(removed && failure(removed)).toBe("");
    expect(await isThere(upstream, target)).toBe(false);
  });
});
