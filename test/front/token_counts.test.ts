import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeHex } from "../../src/core/mod.ts";
import { createFrontDoor, type FrontDoor } from "../../src/front/mod.ts";
import { type KvStore, memoryKv } from "../../src/kv/mod.ts";
import {
  buildImage,
  secretSpellings,
  type SimulatedTokenService,
} from "../../src/simulation/mod.ts";
import { openTestDoor, readBody, type TestDoor } from "../support/front_door.ts";
import { HALF, makeBlob, streamOf, UPLOADS, withDigest } from "../support/door_uploads.ts";

/* How often the token service is asked: at most once in a request, never while a token is at hand. */

interface Namespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  delete(key: string): Promise<void>;
  list(): Promise<{ readonly keys: readonly { readonly name: string }[] }>;
}
const { TOKENS } = env as unknown as { TOKENS: Namespace };

const PASSWORD = "canary-door-4c81e2a97f50";
const SEAL_KEY = "canary-door-sealing-key-5e0a91b7";
const REPOSITORIES = 20;
const BINDINGS = { PASSWORD, SEAL_KEY };

/** Through one isolate's door. */
type Send = (path: string, init?: RequestInit) => Promise<Response>;

interface Doors extends TestDoor {
  readonly service: SimulatedTokenService;
  /** Another isolate: its memory is empty. It shares a store of tokens, if one is given. */
  isolate(kv?: KvStore | "bound"): Send;
  /** Requests at the token service since the last call. */
  tokenRequests(): number;
}

async function openDoors(): Promise<Doors> {
  const base = await openTestDoor();
  const { registry, simulation, image } = base;
  const service = simulation.tokenService("auth.test", { users: { robot: PASSWORD } });
  registry.configure({ auth: { mode: "bearer", tokens: service }, push: {} });
  for (let i = 0; i < REPOSITORIES; i++) registry.add(`acme/r${i}`, { image, tags: ["v1"] });
  const config = {
    upstreams: [{
      ...{ name: "sim", origin: "https://registry.test", default: true },
      tokenOrigins: ["https://auth.test"],
      credentials: { username: "robot", password: { secret: "PASSWORD" } },
    }],
    access: { anonymous: ["sim/**:pull,push,delete"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
  const open = (kv: KvStore | "bound"): FrontDoor =>
    createFrontDoor(config, {
      fetch: simulation.fetch,
      ...kv !== "bound" && { kv },
    });
  let counted = 0;
  return {
    ...base,
    service,
    isolate(kv = memoryKv()): Send {
      const door = open(kv);
      const bindings = { ...BINDINGS, ...kv === "bound" && { TOKENS } };
      return (path, init) => door.fetch(new Request(`https://door.test${path}`, init), bindings);
    },
    tokenRequests(): number {
      const all = simulation.log.filter(({ kind }) => kind === "tokens").length;
      const fresh = all - counted;
      counted = all;
      return fresh;
    },
  };
}

async function names(): Promise<string[]> {
  return (await TOKENS.list()).keys.map(({ name }) => name);
}

beforeEach(async () => {
  for (const name of await names()) await TOKENS.delete(name);
});

const IMAGE_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CHUNK = await makeBlob(2 * 1024 * 1024, 5);
const SMALL = await makeBlob(1000, 6);
const FRESH = await buildImage({ layers: [], seed: 77 });

/** Begin an upload, and count from there. */
async function begun({ isolate, tokenRequests }: Doors): Promise<string> {
  const answer = await isolate()(UPLOADS, { method: "POST" });
  tokenRequests();
  return answer.headers.get("location") ?? "";
}

/** Every kind of request that goes upstream; each is sent to an isolate that knows nothing. */
const REQUESTS: readonly (readonly [string, (doors: Doors, send: Send) => Promise<Response>])[] = [
  ["GET of a manifest", ({ manifestPath }, send) => send(manifestPath)],
  ["HEAD of a manifest", ({ manifestPath }, send) => send(manifestPath, { method: "HEAD" })],
  ["GET of a small blob", ({ blobPath }, send) => send(blobPath(0))],
  ["GET of a large blob", ({ blobPath }, send) => send(blobPath(2))],
  ["GET of a blob that breaks twice", ({ blobPath, simulation }, send) => {
    const action = { kind: "cut", by: "reset", at: 400_000 } as const;
    simulation.faults.add({ path: "*/blobs/*", first: 2, action });
    return send(blobPath(2));
  }],
  ["a range", ({ blobPath }, send) => send(blobPath(2), { headers: { range: "bytes=5-99" } })],
  ["tags", (_, send) => send("/v2/acme/app/tags/list")],
  ["referrers", ({ image }, send) => send(`/v2/acme/app/referrers/${image.digest}`)],
  ["POST", (_, send) => send(UPLOADS, { method: "POST" })],
  [
    "POST of a whole blob",
    (_, send) => send(withDigest(UPLOADS, SMALL.digest), { method: "POST", body: SMALL.bytes }),
  ],
  [
    "a mount",
    ({ image }, send) =>
      send(`/v2/acme/fresh/blobs/uploads/?mount=${image.layers[0]?.digest}&from=acme/app`, {
        method: "POST",
      }),
  ],
  [
    "PATCH",
    async (doors, send) => await send(await begun(doors), { method: "PATCH", body: SMALL.bytes }),
  ],
  [
    "PATCH of a stream",
    async (doors, send) =>
      await send(await begun(doors), { method: "PATCH", body: streamOf(CHUNK.bytes), ...HALF }),
  ],
  ["PUT", async (doors, send) =>
    await send(withDigest(await begun(doors), SMALL.digest), {
      method: "PUT",
      body: SMALL.bytes,
    })],
  ["PUT of a blob that is read back", async (doors, send) => {
    const location = await begun(doors);
    const action = { kind: "cut-request", at: 1_500_000, by: "reset" } as const;
    doors.simulation.faults.add({ method: "PATCH", first: 1, action });
    const body = streamOf(CHUNK.bytes);
    await doors.isolate()(location, { method: "PATCH", body, ...HALF });
    const status = await doors.isolate()(location);
    const next = status.headers.get("location") ?? "";
    const from = Number(status.headers.get("range")?.slice(2)) + 1;
    doors.tokenRequests();
    const rest = CHUNK.bytes.slice(from);
    return await send(withDigest(next, CHUNK.digest), { method: "PUT", body: rest });
  }],
  ["the status of an upload", async (doors, send) => await send(await begun(doors))],
  [
    "DELETE of an upload",
    async (doors, send) => await send(await begun(doors), { method: "DELETE" }),
  ],
  ["PUT of a manifest", (_, send) =>
    send("/v2/acme/app/manifests/new", {
      method: "PUT",
      headers: { "content-type": IMAGE_TYPE },
      body: FRESH.bytes,
    })],
  [
    "DELETE of a manifest",
    ({ image }, send) => send(`/v2/acme/app/manifests/${image.digest}`, { method: "DELETE" }),
  ],
  ["DELETE of a tag", (_, send) => send("/v2/acme/app/manifests/v2", { method: "DELETE" })],
  [
    "DELETE of a blob",
    ({ image }, send) =>
      send(`/v2/acme/app/blobs/${image.layers[0]?.digest}`, { method: "DELETE" }),
  ],
];

describe("one request to the door", () => {
  it.each(REQUESTS)("makes one token request at most: %s", async (name, run) => {
    const doors = await openDoors();
    doors.registry.configure({ push: { deletes: true } as never });
    doors.registry.add("acme/app", { image: FRESH, tags: ["fresh"] });
    const answer = await run(doors, doors.isolate());
    expect([name, answer.status < 300]).toEqual([name, true]);
    await readBody(answer);
    expect(doors.tokenRequests()).toBe(1);
  });
});

describe("a store of tokens that isolates share", () => {
  it("makes 1,000 requests for 20 repositories in 10 isolates ask 20 times", async () => {
    const { isolate, tokenRequests } = await openDoors();
    const isolates = Array.from({ length: 10 }, () => isolate("bound"));
    for (let round = 0; round < 50; round++) {
      const send = isolates[round % isolates.length] as Send;
      const answers = await Promise.all(
        Array.from({ length: REPOSITORIES }, (_, i) => send(`/v2/acme/r${i}/manifests/v1`)),
      );
      for (const { status } of answers) expect(status).toBe(200);
    }
    expect(tokenRequests()).toBe(REPOSITORIES);
  });

  it("makes a crowd ask once for each request at most, and not at all when it is over", async () => {
    const { isolate, tokenRequests } = await openDoors();
    const send = isolate("bound");
    const crowd = (): Promise<Response[]> =>
      Promise.all(
        Array.from({ length: 200 }, (_, i) => send(`/v2/acme/r${i % REPOSITORIES}/manifests/v1`)),
      );
    await crowd();
    expect(tokenRequests()).toBeLessThanOrEqual(200);
    await crowd();
    expect(tokenRequests()).toBe(0);
  });

  it("costs one refresh when its token was revoked", async () => {
    const doors = await openDoors();
    const { isolate, manifestPath, service, tokenRequests } = doors;
    const [one, other] = [isolate("bound"), isolate("bound")];
    for (const send of [one, other]) expect((await send(manifestPath)).status).toBe(200);
    expect(tokenRequests()).toBe(1);
    service.revokeAll();
    for (const send of [one, one, isolate("bound"), isolate("bound")]) {
      expect((await send(manifestPath)).status).toBe(200);
    }
    expect(tokenRequests()).toBe(1);
    // this one has the revoked token in its memory, and finds the other's in the store
    expect((await other(manifestPath)).status).toBe(200);
    expect(tokenRequests()).toBeLessThanOrEqual(1);
    expect((await other(manifestPath)).status).toBe(200);
    expect(tokenRequests()).toBe(0);
  });

  it("costs each request of a crowd one refresh at most when its token was revoked", async () => {
    const { isolate, manifestPath, service, tokenRequests } = await openDoors();
    const send = isolate("bound");
    await send(manifestPath);
    tokenRequests();
    service.revokeAll();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(manifestPath)));
    for (const { status } of answers) expect(status).toBe(200);
    expect(tokenRequests()).toBeLessThanOrEqual(100);
    expect((await send(manifestPath)).status).toBe(200);
    expect(tokenRequests()).toBe(0);
  });

  it("holds nothing that can be read", async () => {
    const { isolate, service } = await openDoors();
    const send = isolate("bound");
    for (let i = 0; i < REPOSITORIES; i++) await send(`/v2/acme/r${i}/manifests/v1`);
    const secrets = [PASSWORD, SEAL_KEY, ...service.issued];
    expect(service.issued).toHaveLength(REPOSITORIES);
    const dump: string[] = [];
    for (const name of await names()) {
      const value = new Uint8Array(await TOKENS.get(name, "arrayBuffer") ?? new ArrayBuffer(0));
      const text = String.fromCharCode(...value);
      dump.push(name, text, btoa(text), encodeHex(value));
    }
    expect(dump.length).toBeGreaterThan(4 * REPOSITORIES);
    const all = dump.join("\n");
    expect(secrets.flatMap(secretSpellings).filter((one) => all.includes(one))).toEqual([]);
    expect(all).not.toMatch(/acme|registry\.test|auth\.test|robot/);
  });
});
