import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError } from "../../src/core/mod.ts";
import type { BatchPull, DockerHubClient } from "../../src/hub/mod.ts";
import type { PulledManifest } from "../../src/client/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import type { DockerHubOptions } from "../../src/simulation/mod.ts";
import { createHubScenario, type HubScenario } from "../support/hub_scenario.ts";

const APP = parseReference("acme/app:v1");
const IMAGE = await buildImage();

async function scenarioWith(pulls: DockerHubOptions["pulls"] & object): Promise<HubScenario> {
  const scenario = createHubScenario({ pulls });
  scenario.hub.add("acme/app", { image: IMAGE, tags: ["v1"] });
  return scenario;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** How many pulls the registry has served. */
function served({ simulation }: HubScenario): number {
  return simulation.log.filter(({ method, target, status }) =>
    method === "GET" && target.includes("/manifests/") && status === 200
  ).length;
}

function outcomes(batch: readonly BatchPull<PulledManifest>[]): string[] {
  return batch.map(({ result }) => {
    if (result.ok) return "ok";
    return isTidegateError(result.error) ? result.error.code : "untyped";
  });
}

describe("pullBatch()", () => {
  it("waits for the end of a window that is near, and pulls everything", async () => {
    const scenario = await scenarioWith({ limit: 2, windowSeconds: 120 });
    const { client, clock, run } = scenario;
    const waits: number[] = [];
    const startedAt = clock.now();
    const images = Array.from({ length: 7 }, () => APP);
    const batch = await run(collect(
      client().pullBatch(images, {
        onWait: (_, milliseconds) => void waits.push(milliseconds),
      }),
    ));
    expect(outcomes(batch)).toEqual(Array(7).fill("ok"));
    expect(waits).toHaveLength(3);
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(120_000);
    expect(clock.now() - startedAt).toBeLessThan(4 * 120_000);
    expect(scenario.trail().filter((line) => line.endsWith(" 429"))).toEqual([]);
  });

  it("gets every image of any batch, and is never refused, whatever limit and window", async () => {
    const some = fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      windowSeconds: fc.integer({ min: 1, max: 299 }),
      age: fc.integer({ min: 0, max: 299_000 }),
      count: fc.integer({ min: 1, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(some, async ({ limit, windowSeconds, age, count }) => {
        const scenario = await scenarioWith({ limit, windowSeconds });
        const { client, clock, run } = scenario;
        await clock.advance(age); // the registry's window is not ours
        const startedAt = clock.now();
        const images = Array.from({ length: count }, () => APP);
        const batch = await run(collect(client().pullBatch(images)));
        expect(outcomes(batch)).toEqual(images.map(() => "ok"));
        expect(scenario.trail().filter((line) => line.endsWith(" 429"))).toEqual([]);
        // never more waiting than a window for each that is used up
        const windows = Math.ceil(count / limit);
        expect(clock.now() - startedAt).toBeLessThanOrEqual(windows * windowSeconds * 1000 + 1000);
      }),
      { numRuns: 30 },
    );
  });

  it("reports every image at once when the window is far from its end", async () => {
    const scenario = await scenarioWith({ limit: 1, windowSeconds: 21_600 });
    const { client, clock, run, simulation } = scenario;
    const startedAt = clock.now();
    const batch = await run(collect(client().pullBatch([APP, APP, APP])));
    expect(outcomes(batch)).toEqual(["ok", "PULL_LIMIT_EXCEEDED", "PULL_LIMIT_EXCEEDED"]);
    expect(batch.map(({ rateLimitRemaining }) => rateLimitRemaining)).toEqual([0, 0, 0]);
    expect(clock.now()).toBe(startedAt);
    expect(served(scenario)).toBe(1);
    expect(simulation.log.map(({ method }) => method)).toContain("HEAD"); // asked before it pulled
  });

  it("goes on after what fails for one image alone", async () => {
    const { client, run } = await scenarioWith({ limit: 100, windowSeconds: 60 });
    const none = parseReference("acme/none:v1");
    const batch = await run(collect(client().pullBatch([none, APP])));
    expect(batch[0]).toMatchObject({ image: none, result: { ok: false } });
    expect(outcomes(batch)[1]).toBe("ok");
  });

  it("does what it is told a pull is, and ends with the signal", async () => {
    const { client, run } = await scenarioWith({ limit: 1, windowSeconds: 200 });
    const hub = client();
    const sizes = await run(collect(hub.pullBatch([APP], {
      pull: async (ref) => (await hub.manifests.get(ref)).size,
    })));
    expect(sizes[0]?.result).toEqual({ ok: true, value: IMAGE.bytes.length });
    const stop = new AbortController();
    const waiting = collect(hub.pullBatch([APP], {
      signal: stop.signal,
      onWait: () => stop.abort(new Error("enough")),
    }));
    await expect(run(waiting)).rejects.toThrow("enough");
  });
});

describe("a pull", () => {
  it("waits for as long as it may, and no longer", async () => {
    const scenario = await scenarioWith({ limit: 1, windowSeconds: 600 });
    const { client, clock, run } = scenario;
    const patient = client({ rateLimit: { waitMs: 30 * 60_000 } });
    await run(patient.manifests.get(APP));
    const startedAt = clock.now();
    await run(patient.manifests.get(APP));
    expect(clock.now() - startedAt).toBe(600_000);
    scenario.hub.registry.configure({ rateLimit: { limit: 2, windowSeconds: 3600 } });
    await run(client().manifests.get(APP));
    await run(patient.manifests.head(APP));
    const late = clock.now();
    await expect(run(patient.manifests.get(APP))).rejects.toMatchObject({
      code: "PULL_LIMIT_EXCEEDED",
    });
    expect(clock.now()).toBe(late); // over 30 minutes: at once
  });

  it("that is refused for the limit is told so, with the end where it is known", async () => {
    const scenario = await scenarioWith({ limit: 1, windowSeconds: 3600, retryAfterSeconds: 1200 });
    const { ann, client, clock, run } = scenario;
    await run(client().manifests.get(APP));
    const other = client(); // knows nothing of it
    await expect(run(other.manifests.get(APP))).rejects.toMatchObject({
      code: "PULL_LIMIT_EXCEEDED",
      details: { resetAt: clock.now() + 1_200_000, isAuthenticated: false },
    });
    const { suggestion } = await run(ann().manifests.get(APP)).then(
      () => ({ suggestion: "" }),
      (error) => error.details,
    );
    expect(suggestion).toContain("subscribe");
    expect(scenario.trail().filter((line) => line.endsWith(" 429"))).toHaveLength(2);
  });

  it("that is refused by words alone is told so too", async () => {
    const { client, run, simulation } = await scenarioWith({ limit: 9, windowSeconds: 60 });
    const message = "You have reached your pull rate limit. You may increase the limit by …";
    const body = JSON.stringify({ errors: [{ code: "TOOMANYREQUESTS", message }] });
    simulation.faults.add({
      path: "*/manifests/*",
      authorized: true,
      action: [{ kind: "answer", status: 429, body }, {
        kind: "headers",
        set: { "ratelimit-limit": undefined, "ratelimit-remaining": undefined },
      }],
    });
    await expect(run(client().manifests.get(APP))).rejects.toMatchObject({
      code: "PULL_LIMIT_EXCEEDED",
      details: { resetAt: undefined },
    });
  });

  it("is repeated when there were too many requests at a time", async () => {
    const { client, run, simulation, trail } = await scenarioWith({ limit: 9, windowSeconds: 60 });
    simulation.faults.add({
      path: "*/manifests/*",
      authorized: true,
      first: 2,
      action: { kind: "answer", status: 429, body: "429 Too Many Requests" },
    });
    expect(await run(client().manifests.get(APP))).toMatchObject({ digest: IMAGE.digest });
    expect(trail().filter((line) => line.endsWith(" 429"))).toHaveLength(2);
  });

  it("waits out a short Retry-After by itself", async () => {
    const scenario = await scenarioWith({ limit: 1, windowSeconds: 20, retryAfterSeconds: 20 });
    const { client, clock, run } = scenario;
    await run(client().manifests.get(APP));
    const startedAt = clock.now();
    expect(await run(client().manifests.get(APP))).toMatchObject({ digest: IMAGE.digest });
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(20_000);
  });

  it("is never one too many, however many are asked for at once", async () => {
    const scenario = await scenarioWith({ limit: 5, windowSeconds: 3600 });
    const { client, run } = scenario;
    const hub = client();
    await run(hub.refreshRateLimit().catch(() => hub.manifests.head(APP)));
    const all = await run(
      Promise.allSettled(Array.from({ length: 30 }, () => hub.manifests.get(APP))),
    );
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    expect(scenario.trail().filter((line) => line.endsWith(" 429"))).toEqual([]);
  });

  it("of a whole image counts each manifest once, and blobs not at all", async () => {
    const { client, run } = await scenarioWith({ limit: 9, windowSeconds: 60 });
    const hub: DockerHubClient = client();
    const sink = {
      openBlob: () => ({ write: async () => {}, close: async () => {}, abort: async () => {} }),
      putManifest: () => {},
    };
    await run(hub.pullImage(APP, sink));
    expect(hub.rateLimitStatus().remaining).toBe(8);
  });
});

describe("rateLimitStatus()", () => {
  it("is of the account where there is one, and of nobody where there is none", async () => {
    const pulls = { limit: 100, windowSeconds: 21_600, users: { ann: 200 } };
    const { ann, client, run } = await scenarioWith(pulls);
    expect(client().rateLimitStatus()).toMatchObject({ limit: 100, authenticated: false });
    const hub = ann();
    expect(hub.rateLimitStatus()).toMatchObject({ limit: 200, authenticated: true });
    await run(hub.manifests.get(APP));
    expect(hub.rateLimitStatus()).toMatchObject({ limit: 200, remaining: 199, source: "ann" });
    const none = client({ credentials: { id: "none", get: () => Promise.resolve(undefined) } });
    await run(none.manifests.head(APP));
    expect(none.rateLimitStatus()).toMatchObject({ authenticated: false, remaining: 100 });
  });

  it("asks by a HEAD of Docker's own image", async () => {
    const { client, hub, run, trail } = await scenarioWith({ limit: 76, windowSeconds: 3600 });
    hub.add("ratelimitpreview/test", { image: IMAGE, tags: ["latest"] });
    expect(await run(client().refreshRateLimit())).toMatchObject({ limit: 76, remaining: 76 });
    expect(trail().at(-1)).toBe("HEAD /v2/ratelimitpreview/test/manifests/latest 200");
  });

  it("is not kept when it is not wanted", async () => {
    const { client, run } = await scenarioWith({ limit: 1, windowSeconds: 3600 });
    const hub = client({ rateLimit: { track: false } });
    await run(hub.manifests.get(APP));
    expect(hub.rateLimitStatus()).toMatchObject({ limit: 100, remaining: 100 });
    await expect(run(hub.manifests.get(APP))).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });
});

describe("health()", () => {
  it("says what is wrong instead of throwing", async () => {
    const { ann, client, hub, run, simulation } = await scenarioWith({
      limit: 10,
      windowSeconds: 60,
    });
    hub.add("ratelimitpreview/test", { image: IMAGE, tags: ["latest"] });
    expect(await run(ann().health())).toMatchObject({
      healthy: true,
      rateLimit: { remaining: 10 },
      error: undefined,
    });
    const wrong = client({ username: "ann", accessToken: "dckr_pat_wrong" });
    expect(await run(wrong.health())).toMatchObject({ healthy: false, error: "UNAUTHORIZED" });
    simulation.faults.add({ action: { kind: "drop", by: "reset" } });
    expect(await run(client().health())).toMatchObject({ healthy: false, error: "NETWORK_ERROR" });
    const stopped = client().health({ signal: AbortSignal.abort(new Error("enough")) });
    await expect(run(stopped)).rejects.toThrow("enough");
  });
});
