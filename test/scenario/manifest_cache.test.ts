import { describe, expect, it } from "vitest";
import { createManifestCache, type ManifestCache, memoryKv } from "../../src/kv/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { APP } from "../support/client_scenario.ts";
import { createPushScenario, type PushScenario } from "../support/push_scenario.ts";

const ONE = await buildImage({ layers: [100], seed: 1 });
const TWO = await buildImage({ layers: [100], seed: 2 });

/** A client with a cache on the scenario's own clock. */
function createCached(kv = memoryKv()): PushScenario & { readonly cache: ManifestCache } {
  let cache: ManifestCache | undefined;
  const lazily = {
    find: (...args) => (cache ??= make()).find(...args),
    keep: (...args) => (cache ??= make()).keep(...args),
    renew: (...args) => (cache ??= make()).renew(...args),
    purger: (upstream) => (cache ??= make()).purger(upstream),
  } satisfies ManifestCache as ManifestCache;
  const scenario = createPushScenario({}, {}, { cache: lazily });
  const make = (): ManifestCache => createManifestCache({ kv, clock: scenario.clock });
  scenario.registry.add(APP.repository, { image: ONE, tags: ["v1"] });
  return { ...scenario, cache: lazily };
}

describe("manifests.get() with a cache", () => {
  it("asks once within the time of a tag", async () => {
    const { client, clock, events, run, trail } = createCached();
    const first = await run(client.manifests.get(APP));
    const second = await run(client.manifests.get(APP));
    expect({ ...second, announced: first.announced }).toEqual(first);
    expect(trail()).toEqual(["GET 200"]);
    await run(client.manifests.get({ ...APP, digest: first.digest }));
    await clock.advance(59_000);
    await run(client.manifests.get(APP));
    expect(trail()).toEqual(["GET 200"]);
    expect(events.filter(({ type }) => type === "cache.hit")).toHaveLength(3);
  });

  it("asks by HEAD after it, and pulls only what has moved", async () => {
    const { client, clock, registry, run, trail } = createCached();
    await run(client.manifests.get(APP));
    await clock.advance(61_000);
    await run(client.manifests.get(APP));
    await run(client.manifests.get(APP));
    expect(trail()).toEqual(["GET 200", "HEAD 200"]);
    registry.add(APP.repository, { image: TWO, tags: ["v1"] });
    await clock.advance(61_000);
    expect((await run(client.manifests.get(APP))).digest).toBe(TWO.digest);
    expect(trail()).toEqual(["GET 200", "HEAD 200", "HEAD 200", "GET 200"]);
  });

  it("sees its own pushes, retags and deletes at once", async () => {
    const { client, clock, run } = createCached();
    const one = await run(client.manifests.get(APP));
    await clock.advance(10);
    const empty = { mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };
    const pushed = await run(client.manifests.put(APP, { ...empty }));
    await clock.advance(10);
    expect((await run(client.manifests.get(APP))).digest).toBe(pushed.digest);
    await clock.advance(10);
    await run(client.tags.put({ ...APP, digest: one.digest }, "v1"));
    await clock.advance(10);
    expect((await run(client.manifests.get(APP))).digest).toBe(one.digest);
    await clock.advance(10);
    await run(client.manifests.delete({ ...APP, digest: one.digest }));
    await clock.advance(10);
    await expect(run(client.manifests.get({ ...APP, digest: one.digest })))
      .rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("retags what the tag means now, not what it meant", async () => {
    const { client, registry, run } = createCached();
    await run(client.manifests.get(APP));
    registry.add(APP.repository, { image: TWO, tags: ["v1"] });
    expect((await run(client.tags.put(APP, "v2"))).digest).toBe(TWO.digest);
  });

  it("takes nothing that is not what its digest says", async () => {
    const kv = memoryKv();
    const flipping = {
      ...kv,
      async get(key: string): ReturnType<typeof kv.get> {
        const value = await kv.get(key);
        if (key.includes("manifest") && value !== undefined) value[value.length - 2] = 0x20;
        return value;
      },
    };
    const { client, run, trail } = createCached(flipping);
    const first = await run(client.manifests.get(APP));
    expect(await run(client.manifests.get(APP))).toEqual(first);
    expect(trail()).toEqual(["GET 200", "GET 200"]);
  });

  it("keeps nothing that failed, and passes failures on", async () => {
    const { client, clock, run, simulation } = createCached();
    await run(client.manifests.get(APP));
    await clock.advance(61_000);
    simulation.faults.add({ path: "/v2/*/manifests/*", action: { kind: "answer", status: 403 } });
    await expect(run(client.manifests.get(APP))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
