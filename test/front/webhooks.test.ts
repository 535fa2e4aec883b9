import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { FrontDoorOptions } from "../../src/front/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import {
  githubPackagePayload,
  githubWebhook,
  hubWebhook,
  type WebhookPost,
} from "../../src/simulation/mod.ts";
import {
  type DeliveriesNamespace,
  durableDeliveries,
  type RegistryEvent,
} from "../../src/webhook/mod.ts";
import { errorOf, openTestDoor, type TestDoor } from "../support/front_door.ts";

const { DELIVERIES } = env as unknown as { DELIVERIES: DeliveriesNamespace };
const HUB_HOOK = "canary-hub-5f0c1b7a6c0e";
const GH_HOOK = "canary-github-8f6e11f0";
const HUB_PATH = `/hooks/docker-hub/${HUB_HOOK}`;
const PASSWORD = "canary-password-7f3a";

interface HookDoor extends TestDoor {
  readonly events: RegistryEvent[];
  readonly told: TidegateEvent[];
  readonly purged: string[];
  hook(path: string, post: WebhookPost): Promise<Response>;
}

/** A door with webhooks for both providers, whose registry wants a password. */
async function openDoor(
  webhooks: Readonly<Record<string, unknown>> = {},
  bindings: Readonly<Record<string, unknown>> = {},
  options: FrontDoorOptions = {},
): Promise<HookDoor> {
  const events: RegistryEvent[] = [];
  const told: TidegateEvent[] = [];
  const purged: string[] = [];
  const door = await openTestDoor({
    env: { HUB_HOOK, GH_HOOK, PASSWORD, ...bindings },
    upstream: {
      tokenOrigins: ["https://auth.test"],
      credentials: { username: "robot", password: { secret: "PASSWORD" } },
    },
    config: {
      access: {}, // webhooks need no rule, and give nobody a right
      webhooks: {
        dockerHub: { secret: { secret: "HUB_HOOK" }, upstream: "sim" },
        github: { secrets: [{ secret: "GH_HOOK" }], upstream: "sim" },
        events: "off",
        ...webhooks,
      },
    },
    options: {
      sinks: [(event) => void events.push(event)],
      observer: (event) => void told.push(event),
      tagPurger: (upstream) => ({
        purge: (repository, tag) =>
          Promise.resolve(void purged.push(`${upstream} ${repository} ${tag}`)),
      }),
      ...options,
    },
  });
  const tokens = door.simulation.tokenService("auth.test", {
    users: { robot: PASSWORD },
    anonymous: false,
  });
  door.registry.configure({ auth: { mode: "bearer", tokens } });
  const hook = (path: string, { headers, body }: WebhookPost): Promise<Response> =>
    door.send(path, { method: "POST", headers: { ...headers }, body });
  return { ...door, events, told, purged, hook };
}

function github(
  digest: string,
  { id, tag = "v1", secret = GH_HOOK }: {
    readonly id?: string;
    readonly tag?: string;
    readonly secret?: string;
  } = {},
): Promise<WebhookPost> {
  const payload = githubPackagePayload({ owner: "Acme", name: "app", tag, digest });
  return githubWebhook({ secret, payload, ...(id !== undefined && { id }) });
}

const hub = (tag = "v1"): WebhookPost => hubWebhook({ repository: "acme/app", tag });

describe("webhooks at the door", () => {
  it("resolve Docker Hub's tag by one HEAD with the door's own credentials", async () => {
    const door = await openDoor();
    const answer = await door.hook(HUB_PATH, hub());
    expect([answer.status, await answer.json()]).toEqual([200, { outcome: "published" }]);
    expect(door.events).toMatchObject([{
      ...{ type: "image.pushed", source: "docker-hub", registry: "sim" },
      ...{ repository: "acme/app", tag: "v1", digest: door.image.digest },
    }]);
    const asked = door.simulation.log.filter(({ kind }) => kind === "registry");
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(["HEAD"]));
    expect(door.purged).toEqual(["sim acme/app v1"]);
  });

  it("take GitHub's signed deliveries", async () => {
    const door = await openDoor();
    const answer = await door.hook("/hooks/github", await github(door.image.digest));
    expect(answer.status).toBe(200);
    expect(door.events).toMatchObject([{ source: "github", digest: door.image.digest }]);
    expect(door.purged).toEqual(["sim acme/app undefined"]);
  });

  it("empty the cache of a tag that moved", async () => {
    const door = await openTestDoor({
      env: { HUB_HOOK },
      config: {
        cache: { tagTtlSeconds: 3600 },
        webhooks: { dockerHub: { secret: { secret: "HUB_HOOK" }, upstream: "sim" }, events: "off" },
      },
    });
    const { headers, body } = hub();
    const pulls = (): number => door.simulation.log.filter(({ method }) => method === "GET").length;
    for (let i = 0; i < 2; i++) await (await door.send(door.manifestPath)).arrayBuffer();
    expect(pulls()).toBe(1);
    await door.send(HUB_PATH, { method: "POST", headers: { ...headers }, body });
    await (await door.send(door.manifestPath)).arrayBuffer();
    expect(pulls()).toBe(2);
  });

  it("believe the registry, not the payload", async () => {
    const door = await openDoor();
    const lie = `sha256:${"0".repeat(64)}`;
    await door.hook("/hooks/github", await github(lie));
    expect(door.events).toMatchObject([{ tag: "v1", digest: door.image.digest }]);
    const answer = await door.hook(HUB_PATH, hub("no-such-tag"));
    expect(await answer.json()).toEqual({ outcome: "unconfirmed" });
    expect(door.events).toHaveLength(1);
  });

  it("look like nothing to who has not the secret", async () => {
    const door = await openDoor();
    const nothing = await door.send("/nothing/here", { method: "POST" });
    const expected = [nothing.status, [...nothing.headers], await nothing.text()];
    for (const path of ["/hooks/docker-hub/guess", "/hooks/docker-hub", "/hooks/", "/hooks/x"]) {
      const answer = await door.hook(path, hub());
      expect([answer.status, [...answer.headers], await answer.text()]).toEqual(expected);
    }
    const wrong = await github(door.image.digest, { secret: "another secret" });
    const refused = await door.hook("/hooks/github", wrong);
    expect([refused.status, await refused.json()]).toEqual([401, { error: "unauthorized" }]);
    expect(refused.headers.get("cache-control")).toContain("no-store");
    expect(door.simulation.log).toEqual([]);
    expect([...door.events, ...door.purged]).toEqual([]);
    expect(JSON.stringify(door.told)).not.toContain("canary");
  });

  it("are not there unless they are configured, nor under another host", async () => {
    const door = await openTestDoor();
    expect((await door.send(HUB_PATH, { method: "POST" })).status).toBe(404);
    const hosts = await openTestDoor({
      env: { HUB_HOOK },
      config: {
        hosts: ["door.test"],
        webhooks: { dockerHub: { secret: { secret: "HUB_HOOK" }, upstream: "sim" } },
      },
    });
    const init = { method: "POST", headers: { ...hub().headers }, body: hub().body };
    expect((await hosts.send(HUB_PATH, { ...init, host: "other.test" })).status).toBe(421);
  });

  it("have a path of the operator's choice", async () => {
    const door = await openDoor({ path: "/in/from-outside" });
    const path = `/in/from-outside/docker-hub/${HUB_HOOK}`;
    expect((await door.hook(path, hub())).status).toBe(200);
    expect((await door.hook(HUB_PATH, hub())).status).toBe(404);
  });

  it("go to the queue that is bound", async () => {
    const sent: unknown[] = [];
    const EVENTS = { send: (...message: unknown[]) => Promise.resolve(sent.push(message)) };
    const door = await openDoor({ events: "queue" }, { EVENTS });
    await door.hook(HUB_PATH, hub());
    expect(sent).toMatchObject([[{ type: "image.pushed" }, { contentType: "json" }]]);
  });

  it("go on when the queue fails and somebody else has the event", async () => {
    const EVENTS = { send: () => Promise.reject(new Error("full")) };
    const door = await openDoor({ events: "queue" }, { EVENTS });
    expect((await door.hook(HUB_PATH, hub())).status).toBe(200);
    expect(door.events).toHaveLength(1);
    expect(door.told).toContainEqual({
      type: "webhook.failed",
      part: "subscriber",
      reason: "Error",
    });
  });

  it("can come again when the queue failed and was alone", async () => {
    let isFull = true;
    const EVENTS = {
      send: async () => {
        if (isFull) throw new Error("full");
      },
    };
    const door = await openDoor({ events: "queue" }, { EVENTS, DELIVERIES }, { sinks: [] });
    expect((await door.hook(HUB_PATH, hub("v2"))).status).toBe(503);
    isFull = false;
    expect((await door.hook(HUB_PATH, hub("v2"))).status).toBe(200);
  });

  it.each([
    ["a secret that is not there", {}, { HUB_HOOK: undefined }],
    ["a secret that is too short", {}, { HUB_HOOK: "short" }],
    ["a queue that is not bound", { events: "queue" }, {}],
  ])("close the door over %s", async (_name, webhooks, bindings) => {
    const door = await openDoor(webhooks, bindings);
    for (const path of [HUB_PATH, "/v2/"]) {
      const answer = await door.hook(path, hub());
      expect(answer.status).toBe(503);
      expect((await errorOf(answer)).message).toContain("not valid");
    }
    expect(door.told.map(({ type }) => type)).toContain("configuration.rejected");
  });
});

describe("webhooks in several isolates, over one Durable Object", () => {
  it("count 1000 replays once", async () => {
    const first = await openDoor({}, { DELIVERIES });
    const doors = [first, await openDoor({}, { DELIVERIES }), await openDoor({}, { DELIVERIES })];
    const post = await github(first.image.digest, { id: "replayed" });
    for (let i = 0; i < 1000; i += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => doors[n % 3]?.hook("/hooks/github", post)),
      );
      for (const answer of answers) expect(answer?.status).toBe(200);
    }
    expect(doors.flatMap(({ events }) => events)).toHaveLength(1);
  });

  it("know a body again under another id", async () => {
    const [one, other] = [await openDoor({}, { DELIVERIES }), await openDoor({}, { DELIVERIES })];
    await one.hook("/hooks/github", await github(one.image.digest, { id: "a", tag: "v3" }));
    const again = await github(one.image.digest, { id: "b", tag: "v3" });
    expect(await (await other.hook("/hooks/github", again)).json()).toEqual({
      outcome: "duplicate",
    });
  });

  it("go on by memory when the Durable Object fails", async () => {
    const broken = {
      idFromName: () => "",
      get: () => ({ fetch: () => Promise.resolve(new Response(null, { status: 500 })) }),
    };
    const door = await openDoor({}, { DELIVERIES: broken });
    const post = await github(door.image.digest, { id: "broken" });
    for (let i = 0; i < 3; i++) {
      expect((await door.hook("/hooks/github", post)).status).toBe(200);
    }
    expect(door.events).toHaveLength(1);
    expect(door.told).toContainEqual({
      type: "webhook.failed",
      part: "deliveries",
      reason: "TypeError",
    });
  });
});

describe("WebhookDeliveries", () => {
  const store = durableDeliveries(DELIVERIES);

  it("lets one of many that claim at once win", async () => {
    const claims = await Promise.all(Array.from({ length: 100 }, () => store.claim(["x", "y"])));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await store.claim(["y", "z"])).toBe(false);
    expect(await store.claim(["z"])).toBe(true); // nothing was claimed by the claim that failed
  });

  it("gives back what is released", async () => {
    expect(await store.claim(["r"])).toBe(true);
    await store.release(["r"]);
    expect(await store.claim(["r"])).toBe(true);
  });

  it("forgets after three days, in pages", async () => {
    const stub = DELIVERIES.get(DELIVERIES.idFromName("deliveries")) as never;
    await store.claim(["kept"]);
    await runInDurableObject(stub, async (_instance: unknown, state) => {
      for (let i = 0; i < 300; i++) await state.storage.put(`old${i}`, Date.now() - 1);
    });
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, async (_instance: unknown, state) => {
      const left = [...(await state.storage.list()).keys()];
      expect(left.some((key) => key.startsWith("old"))).toBe(false);
      expect(left).toContain("kept");
      expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
    });
    expect(await store.claim(["old7"])).toBe(true);
  });
});
