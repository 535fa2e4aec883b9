import { describe, expect, it } from "vitest";
import { memoryKv } from "../../src/kv/mod.ts";
import { buildImage, type FaultAction } from "../../src/simulation/mod.ts";
import { answered, openCachedDoor } from "../support/cached_door.ts";
import { openTestDoor, sha256Hex } from "../support/front_door.ts";

const OTHER = await buildImage({ layers: [10], seed: 9 });
const ALL_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "*/*",
].join(", ");

describe("front door with a cache of tags", () => {
  it("asks the upstream once within the time", async () => {
    const { advance, image, manifestPath, send, trail } = await openCachedDoor();
    expect(await answered(await send(manifestPath))).toBe(image.digest);
    advance(59);
    const second = await send(manifestPath, { headers: { accept: ALL_TYPES } });
    expect(second.headers.get("age")).toBe("59");
    expect(await answered(second)).toBe(image.digest);
    await answered(await send(`/v2/acme/app/manifests/${image.digest}`));
    const head = await send(manifestPath, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(image.bytes.length));
    expect(trail()).toEqual(["GET 200"]);
  });

  it("asks by HEAD after it, and follows a tag that has moved", async () => {
    const { advance, manifestPath, registry, send, trail } = await openCachedDoor();
    await send(manifestPath);
    advance(61);
    await answered(await send(manifestPath));
    await answered(await send(manifestPath));
    expect(trail()).toEqual(["GET 200", "HEAD 200"]);
    registry.add("acme/app", { image: OTHER, tags: ["v1"] });
    advance(61);
    expect(await answered(await send(manifestPath))).toBe(OTHER.digest);
    expect(trail().slice(2)).toEqual(["HEAD 200", "GET 200"]);
  });

  it.each<[string, FaultAction]>([
    ["429", { kind: "answer", status: 429 }],
    ["500", { kind: "answer", status: 500 }],
    ["503", { kind: "answer", status: 503 }],
    ["nothing", { kind: "drop", by: "reset" }],
  ])("serves what it had, marked, while the upstream answers %s", async (_, action) => {
    const { advance, events, image, manifestPath, send, simulation } = await openCachedDoor();
    await send(manifestPath);
    advance(1000);
    simulation.faults.add({ path: "/v2/*/manifests/*", action });
    const stale = await send(manifestPath);
    expect(stale.headers.get("age")).toMatch(/^1\d\d\d$/);
    expect(stale.headers.get("warning")).toContain("299 - ");
    expect(await answered(stale)).toBe(image.digest);
    const byDigest = await send(`/v2/acme/app/manifests/${image.digest}`);
    expect(await answered(byDigest)).toBe(image.digest);
    expect(events.filter((event) => event.type === "cache.hit").map(({ state }) => state))
      .toEqual(["stale", "stale"]);
    advance(3600);
    expect((await send(manifestPath)).status).toBeGreaterThanOrEqual(429);
  });

  it.each([401, 403, 404])(
    "serves nothing while the upstream answers %i, nor after",
    async (status) => {
      const { advance, manifestPath, send, simulation } = await openCachedDoor();
      await send(manifestPath);
      advance(61);
      const path = "/v2/*/manifests/*";
      simulation.faults.add({ path, action: { kind: "answer", status } });
      expect((await send(manifestPath)).status).toBeGreaterThanOrEqual(400);
      simulation.faults.clear();
      simulation.faults.add({ path, action: { kind: "answer", status: 500 } });
      expect((await send(manifestPath)).status).toBeGreaterThanOrEqual(500);
    },
  );

  it("has nothing for a caller without the right, whatever others have asked for", async () => {
    const token = "t0p";
    const { image, manifestPath, send, trail } = await openCachedDoor({
      config: {
        cache: { tagTtlSeconds: 60 },
        access: {
          tokens: [{ name: "ci", sha256: await sha256Hex(token), allow: ["sim/acme/app:pull"] }],
        },
      },
    });
    const headers = { authorization: `Bearer ${token}` };
    await answered(await send(manifestPath, { headers }));
    for (const path of [manifestPath, `/v2/acme/app/manifests/${image.digest}`]) {
      expect((await send(path)).status).toBe(401);
    }
    const elsewhere = `/v2/acme/other/manifests/${image.digest}`;
    expect((await send(elsewhere, { headers })).status).toBeGreaterThanOrEqual(401);
    expect(trail()).toEqual(["GET 200"]);
  });

  it("knows a digest in its own repository alone", async () => {
    const { image, manifestPath, send } = await openCachedDoor();
    await send(manifestPath);
    expect((await send(`/v2/acme/other/manifests/${image.digest}`)).status).toBe(404);
  });

  it("keeps nothing that was chosen for a caller who takes less", async () => {
    const { manifestPath, send, trail } = await openCachedDoor();
    const accept = "application/vnd.oci.image.manifest.v1+json";
    await send(manifestPath, { headers: { accept } });
    await send(manifestPath);
    await send(manifestPath, { headers: { accept } });
    expect(trail()).toEqual(["GET 200", "GET 200", "GET 200"]);
  });

  it("takes nothing that is not what its digest says, from a store that lies", async () => {
    const kv = memoryKv();
    const lying = {
      ...kv,
      async get(key: string): ReturnType<typeof kv.get> {
        const value = await kv.get(key);
        if (key.includes("manifest") && value !== undefined) value[value.length - 2] = 0x20;
        return value;
      },
    };
    const { image } = await openCachedDoor();
    const one = await openCachedDoor({ options: { cache: lying } });
    await one.send(one.manifestPath);
    const two = await openCachedDoor({ options: { cache: lying } }); // another isolate
    expect(await answered(await two.send(two.manifestPath))).toBe(image.digest);
    expect(two.trail()).toEqual(["GET 200"]);
  });

  it("shares what it keeps with other isolates, and forgets what callers push", async () => {
    const cache = memoryKv();
    const config = {
      cache: { tagTtlSeconds: 60 },
      access: { anonymous: ["sim/**:pull,push,delete"] },
    };
    const one = await openCachedDoor({ config, options: { cache } });
    one.registry.configure({ push: {} });
    await one.send(one.manifestPath);
    const two = await openCachedDoor({ config, options: { cache } });
    await answered(await two.send(two.manifestPath));
    expect(two.trail()).toEqual([]);
    one.registry.add("acme/app", { image: OTHER, tags: ["other"] });
    one.advance(1);
    const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
    const pushed = await one.send(one.manifestPath, { method: "PUT", headers, body: OTHER.bytes });
    expect(pushed.status).toBe(201);
    one.advance(1);
    expect(await answered(await one.send(one.manifestPath))).toBe(OTHER.digest);
  });

  it("goes on when its store fails", async () => {
    const fail = (): Promise<never> => Promise.reject(new Error("no"));
    const { events, manifestPath, send, trail } = await openCachedDoor({
      options: { cache: { get: fail, put: fail, delete: fail } },
    });
    await answered(await send(manifestPath));
    await answered(await send(manifestPath));
    expect(trail()).toEqual(["GET 200"]); // its memory is left
    expect(events.some(({ type }) => type === "kv.failed")).toBe(true);
  });

  it("uses the Cache API of Workers by itself", async () => {
    const config = {
      upstreams: [{ name: "shared", origin: "https://registry.test", default: true }],
      access: { anonymous: ["shared/**:pull"] },
      cache: { tagTtlSeconds: 60 },
    };
    const one = await openTestDoor({ config });
    await answered(await one.send(one.manifestPath));
    const two = await openTestDoor({ config });
    const isShared = "caches" in globalThis && "default" in caches;
    await answered(await two.send(two.manifestPath));
    expect(two.simulation.log.length).toBe(isShared ? 0 : 1);
  });

  it("is off by default", async () => {
    const { manifestPath, send, simulation } = await openTestDoor();
    await send(manifestPath);
    await send(manifestPath);
    expect(simulation.log).toHaveLength(2);
  });
});
