import { describe, expect, it } from "vitest";
import { basicCredential, staticCredentials } from "../../src/auth/mod.ts";
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from "../../src/client/mod.ts";
import { encodeHex, Secret } from "../../src/core/mod.ts";
import type { Reference } from "../../src/reference/mod.ts";
import {
  buildImage,
  createSimulation,
  secretSpellings,
  type SimulatedTokenService,
  type Simulation,
} from "../../src/simulation/mod.ts";
import type { KvStore } from "../../src/kv/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";
import { openKv } from "../support/token_world.ts";

/* One process, one client, 1,000 pulls at once: a token for each repository, fetched once. */

const REPOSITORIES = 20;
const PULLS = 1000;
/** A token service that answered at once would be done before the next request asks it, too. */
const TOKEN_MS = 25;
const PASSWORD = "canary-storm-5b1f09c7de42";
const SEALING_KEY = "canary-sealing-key-83e6f1d2c4b5a697";
const image = await buildImage({ layers: [100] });
const upstream = resolveUpstream("registry.test", { tokenOrigins: ["https://auth.test"] });

interface Storm {
  readonly simulation: Simulation;
  readonly service: SimulatedTokenService;
  /** Another client, as another process has it. */
  open(options?: RegistryClientOptions): RegistryClient;
  /** Requests at the token service since the last call. */
  tokenRequests(): number;
}

function createStorm(): Storm {
  const simulation = createSimulation();
  const service = simulation.tokenService("auth.test", { users: { robot: PASSWORD } });
  const registry = simulation.registry("registry.test");
  registry.configure({ auth: { mode: "bearer", tokens: service } });
  simulation.faults.add({ host: "auth.test", action: { kind: "delay", ms: TOKEN_MS } });
  for (let i = 0; i < REPOSITORIES; i++) registry.add(`acme/r${i}`, { image, tags: ["v1"] });
  let counted = 0;
  return {
    simulation,
    service,
    open: (options) =>
      createRegistryClient({
        fetch: simulation.fetch,
        credentials: staticCredentials({ "registry.test": basicCredential("robot", PASSWORD) }),
        upstreams: [upstream],
        ...options,
      }),
    tokenRequests(): number {
      const all = simulation.log.filter(({ kind }) => kind === "tokens").length;
      const fresh = all - counted;
      counted = all;
      return fresh;
    },
  };
}

function refOf(i: number): Reference {
  return { registry: "registry.test", repository: `acme/r${i % REPOSITORIES}`, tag: "v1" };
}

async function pullAll(client: RegistryClient): Promise<void> {
  const pulls = Array.from({ length: PULLS }, (_, i) => client.manifests.get(refOf(i)));
  const digests = new Set((await Promise.all(pulls)).map(({ digest }) => digest));
  expect([...digests]).toEqual([image.digest]);
}

/** A store whose answers come after 0 to 6 ms, in another order than they were asked for. */
function slowKv(): KvStore {
  const kv = openKv();
  let turn = 0;
  const wait = (): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, turn = (turn * 5 + 3) % 7));
  return {
    get: async (key) => {
      const value = await kv.get(key);
      await wait();
      return value;
    },
    put: async (...args) => {
      await wait();
      await kv.put(...args);
    },
    delete: async (key) => {
      await wait();
      await kv.delete(key);
    },
  };
}

describe("1,000 pulls of 20 repositories at once", () => {
  it.each([10, PULLS])("make 20 token requests, and no more later; %i at a time", async (slots) => {
    const { open, tokenRequests } = createStorm();
    const client = open({ transport: { throttle: { concurrency: slots } } });
    await pullAll(client);
    expect(tokenRequests()).toBe(REPOSITORIES);
    await pullAll(client);
    expect(tokenRequests()).toBe(0);
  });

  it.each([10, PULLS])("refresh each revoked token once; %i at a time", async (slots) => {
    const { open, service, tokenRequests } = createStorm();
    const client = open({ transport: { throttle: { concurrency: slots } } });
    await pullAll(client);
    tokenRequests();
    for (let i = 0; i < 2; i++) {
      service.revokeAll();
      await pullAll(client);
      expect(tokenRequests()).toBe(REPOSITORIES);
    }
  });

  it("refresh each revoked token once, over a store that takes its time", async () => {
    const { open, service, tokenRequests } = createStorm();
    const client = open({ kv: slowKv(), transport: { throttle: { concurrency: 100 } } });
    await pullAll(client);
    expect(tokenRequests()).toBe(REPOSITORIES);
    for (let i = 0; i < 3; i++) {
      service.revokeAll();
      await pullAll(client);
      expect(tokenRequests()).toBe(REPOSITORIES);
    }
  });

  it("ask for one token for all that is read of a repository", async () => {
    const { open, tokenRequests } = createStorm();
    const client = open();
    const [layer] = image.layers;
    await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const ref = refOf(i);
      const tags = async (): Promise<void> => {
        for await (const tag of client.tags.list(ref)) expect(tag).toBe("v1");
      };
      const blob = async (): Promise<Uint8Array> =>
        await (await client.blobs.get(ref, layer?.digest ?? "")).bytes();
      await Promise.all([client.manifests.get(ref), client.manifests.head(ref), tags(), blob()]);
    }));
    expect(tokenRequests()).toBe(REPOSITORIES);
  });

  it("need none in the next process, while those in the store are fresh", async () => {
    const { open, service, tokenRequests } = createStorm();
    const shared = { kv: openKv(), sealingKeys: [new Secret(SEALING_KEY)] };
    await pullAll(open(shared));
    expect(tokenRequests()).toBe(REPOSITORIES);
    await pullAll(open(shared));
    expect(tokenRequests()).toBe(0);
    service.revokeAll();
    await pullAll(open(shared));
    expect(tokenRequests()).toBe(REPOSITORIES);
    await pullAll(open(shared));
    expect(tokenRequests()).toBe(0);
  });

  it("leave nothing in the store that can be read", async () => {
    const { open, service } = createStorm();
    const kv = openKv();
    await pullAll(open({ kv, sealingKeys: [new Secret(SEALING_KEY)] }));
    const secrets = [PASSWORD, SEALING_KEY, ...service.issued];
    expect(secrets).toHaveLength(2 + REPOSITORIES);
    expect(kv.content.size).toBeGreaterThan(REPOSITORIES);
    const dump = [...kv.content].map(([key, value]) => [
      ...[key, new TextDecoder("latin1").decode(value), encodeHex(value)],
      btoa(String.fromCharCode(...value)),
    ]).flat().join("\n");
    const read = secrets.flatMap(secretSpellings).filter((spelling) => dump.includes(spelling));
    expect(read).toEqual([]);
    expect(dump).not.toMatch(/acme|registry\.test|robot/);
  });
});

describe("the scan of the store", () => {
  it("finds a token that was not sealed", () => {
    const value = new TextEncoder().encode(JSON.stringify({ token: PASSWORD }));
    for (const dump of [new TextDecoder().decode(value), encodeHex(value), btoa(PASSWORD)]) {
      expect(secretSpellings(PASSWORD).some((spelling) => dump.includes(spelling))).toBe(true);
    }
  });
});
