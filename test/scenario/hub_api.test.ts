import { describe, expect, it } from "vitest";
import { isTidegateError, type TidegateError } from "../../src/core/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage, buildIndex, type HubErrorStyle } from "../../src/simulation/mod.ts";
import { createHubScenario, type HubScenario } from "../support/hub_scenario.ts";

const APP = parseReference("acme/app:v1");

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function caught(scenario: HubScenario, call: Promise<unknown>): Promise<TidegateError> {
  const error: unknown = await scenario.run(call).catch((error: unknown) => error);
  if (!isTidegateError(error)) throw new TypeError(`not typed: ${String(error)}`);
  return error;
}

describe("pages", () => {
  it("end with the last, and with a 404 for one past the end", async () => {
    const { client, hub, run, simulation } = createHubScenario();
    for (let i = 0; i < 4; i++) hub.api.add(`acme/r${i}`);
    const list = client().repositories.list("acme", { pageSize: 2, ordering: "-name" });
    expect((await run(collect(list))).map(({ name }) => name)).toEqual(["r3", "r2", "r1", "r0"]);
    expect(simulation.log).toHaveLength(2);
    simulation.faults.add({
      path: "/v2/namespaces/*",
      nth: 2,
      action: { kind: "answer", status: 404, body: '{"detail":"Invalid page"}' },
    });
    expect(await run(collect(client().repositories.list("acme", { pageSize: 2 })))).toHaveLength(2);
  });

  it("may have 100 tags with images for 20 platforms each", async () => {
    const { client, hub, run, simulation } = createHubScenario();
    const image = await buildImage({ layers: [] });
    const manifests = Array.from({ length: 20 }, (_, i) => {
      const platform = { os: "linux", architecture: `arch${i}` };
      return { ...image, descriptor: { ...image.descriptor, platform } };
    });
    const tags = Array.from({ length: 150 }, (_, i) => `v${i}`);
    hub.add("acme/app", { image: await buildIndex({ manifests }), tags });
    const found = await run(collect(client().tags.details("acme/app")));
    expect(found.map(({ name }) => name)).toEqual(tags);
    expect(found.every(({ images }) => images.length === 20)).toBe(true);
    expect(simulation.log).toHaveLength(2);
  });

  it("are fetched when they are read", async () => {
    const { client, hub, run, simulation } = createHubScenario();
    for (let i = 0; i < 4; i++) hub.api.add(`acme/r${i}`);
    await run((async () => {
      for await (const _ of client().repositories.list("acme", { pageSize: 2 })) break;
    })());
    expect(simulation.log).toHaveLength(1);
  });

  it.each([
    "https://evil.test",
    "https://hub.docker.com.evil.test",
    "http://hub.docker.com",
    "https://hub.docker.com:8443",
    "https://ann@hub.docker.com",
    "//evil.test",
    "https://169.254.169.254",
  ])("do not lead to %s", async (nextOrigin) => {
    const scenario = createHubScenario();
    const { ann, events, hub, simulation } = scenario;
    for (let i = 0; i < 3; i++) hub.api.add(`acme/r${i}`);
    hub.api.configure({ nextOrigin });
    const trap = simulation.trap("*", { status: 200, body: '{"results":[]}' });
    const list = ann().repositories.list("acme", { pageSize: 1 });
    const error = await caught(scenario, collect(list));
    expect(["ORIGIN_NOT_TRUSTED", "INVALID_RESPONSE"]).toContain(error.code);
    expect(simulation.log.filter(({ host }) => host === trap.origin)).toEqual([]);
    if (error.code === "ORIGIN_NOT_TRUSTED") {
      expect(events.map(({ type }) => type)).toContain("origin.refused");
    }
  });

  it("do not go round in a circle", async () => {
    const scenario = createHubScenario();
    const { client, simulation } = scenario;
    const url = "https://hub.docker.com/v2/namespaces/acme/repositories?page_size=100";
    const body = JSON.stringify({ next: url, results: [] });
    simulation.faults.add({ path: "/v2/*", action: { kind: "answer", status: 200, body } });
    expect(await caught(scenario, collect(client().repositories.list("acme")))).toMatchObject({
      code: "INVALID_RESPONSE",
    });
    expect(simulation.log).toHaveLength(1);
  });

  it("are no more than a thousand", async () => {
    const scenario = createHubScenario();
    const { client, simulation } = scenario;
    let page = 0;
    simulation.trap("hub2.test", () => ({
      status: 200,
      body: JSON.stringify({ next: `https://hub2.test/v2/x?page=${++page}`, results: [] }),
    }));
    const endless = client({ hubOrigin: "https://hub2.test" });
    expect(await caught(scenario, collect(endless.repositories.list("acme")))).toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    expect(simulation.log).toHaveLength(1000);
  });
});

describe("errors of the API", () => {
  it.each<[HubErrorStyle, string]>([
    ["detail", "object not found"],
    ["message", "object not found"],
    ["errinfo", "object not found"],
    ["fields", "object not found"],
    ["code", "object not found"],
    ["text", "error code: 1004"],
    ["html", "a web page: Just a moment"],
  ])("are understood in the shape %s", async (errorStyle, text) => {
    const scenario = createHubScenario({ api: { errorStyle } });
    const error = await caught(scenario, scenario.client().repositories.get("acme/app"));
    expect(error).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(text) });
    expect(error.message).not.toContain("<");
  });

  it("are bounded, and never repeated as they came", async () => {
    const scenario = createHubScenario();
    const { client, simulation } = scenario;
    const body = `{"detail":"${"\\u001b[31m".repeat(50_000)}"}`;
    simulation.faults.add({ path: "/v2/*", action: { kind: "answer", status: 403, body } });
    const error = await caught(scenario, client().repositories.get("acme/app"));
    expect(error.message.length).toBeLessThan(700);
    // deno-lint-ignore no-control-regex -- that is what must not be there
    expect(error.message).not.toMatch(/\u001b/);
  });

  it.each([true, false])("say when a limit ends (Retry-After: %j)", async (retryAfter) => {
    const rateLimit = { limit: 1, windowSeconds: 300, retryAfter };
    const scenario = createHubScenario({ api: { rateLimit } });
    const { client, clock, hub } = scenario;
    hub.api.add("acme/app");
    const docker = client();
    await scenario.run(docker.repositories.get("acme/app"));
    expect(docker.rateLimitStatus().api).toMatchObject({ limit: 1, remaining: 0 });
    const startedAt = clock.now();
    const error = await caught(scenario, docker.repositories.get("acme/app"));
    if (!isTidegateError(error, "RATE_LIMITED")) throw error;
    const wait = (error.details.resetAt ?? 0) - startedAt;
    expect(wait).toBeGreaterThan(298_000);
    expect(wait).toBeLessThanOrEqual(301_000);
  });

  it("do not come from somewhere else", async () => {
    const scenario = createHubScenario();
    const { ann, simulation } = scenario;
    const trap = simulation.trap("evil.test", { status: 200, body: "{}" });
    simulation.faults.add({
      path: "/v2/namespaces/*",
      action: {
        kind: "answer",
        status: 302,
        headers: { location: "https://evil.test/" },
        body: "",
      },
    });
    const error = await caught(scenario, ann().repositories.get("acme/app"));
    expect(error.code).toBe("ORIGIN_NOT_TRUSTED");
    expect(simulation.log.filter(({ host }) => host === trap.origin)).toEqual([]);
  });
});

describe("answers of the API", () => {
  it("must be about what was asked for", async () => {
    const scenario = createHubScenario();
    const { client, simulation } = scenario;
    const other = JSON.stringify({ namespace: "acme", name: "other" });
    simulation.faults.add({
      path: "*/repositories/app",
      action: { kind: "answer", status: 200, body: other },
    });
    expect(await caught(scenario, client().repositories.get("acme/app"))).toMatchObject({
      code: "INVALID_RESPONSE",
    });
    simulation.faults.add({
      path: "*/tags/*",
      action: { kind: "answer", status: 200, body: '{"name":"v2"}' },
    });
    expect(await caught(scenario, client().tags.get(APP))).toMatchObject({
      code: "INVALID_RESPONSE",
    });
  });

  it("may be no longer than a cap", async () => {
    const scenario = createHubScenario();
    const { client, simulation } = scenario;
    const body = `{"results":[],"x":"${"y".repeat(3 * 1024 * 1024)}"}`;
    simulation.faults.add({ path: "/v2/*", action: { kind: "answer", status: 200, body } });
    expect(await caught(scenario, collect(client().repositories.list("acme")))).toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("are filtered as asked", async () => {
    const { client, hub, run } = createHubScenario();
    const image = await buildImage();
    hub.add("acme/app", { image, tags: ["v1", "v2", "main"] });
    hub.api.add("acme/web");
    expect(await run(collect(client().repositories.list("acme", { name: "eb" })))).toHaveLength(1);
    const tags = await run(collect(client().tags.details("acme/app", { name: "v" })));
    expect(tags.map(({ name }) => name)).toEqual(["v1", "v2"]);
    expect(tags[0]?.images).toMatchObject([{ os: "linux", digest: image.digest }]);
  });
});

describe("misuse", () => {
  it("is said before any request", async () => {
    const { client, simulation } = createHubScenario();
    const hub = client();
    const calls = [
      () => collect(hub.repositories.list("acme", { pageSize: 101 })),
      () => collect(hub.tags.details("acme/app", { pageSize: 101 })),
      () => collect(hub.search(" ")),
      () => collect(hub.search("x", { pageSize: 0 })),
      () => hub.repositories.create("acme/app", { description: "x".repeat(101) }),
      () => hub.tags.get({ registry: "docker.io", repository: "acme/app" }),
      () => collect(hub.pullBatch([], { waitMs: -1 })),
    ];
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(TypeError);
    await expect(collect(hub.repositories.list("Acme"))).rejects.toMatchObject({
      code: "INVALID_NAMESPACE",
    });
    expect(simulation.log).toEqual([]);
  });
});
