import { describe, expect, it } from "vitest";
import { buildImage } from "../../src/simulation/mod.ts";
import { answered, type CachedDoor, openCachedDoor } from "../support/cached_door.ts";
import type { TestDoorOptions } from "../support/front_door.ts";

const OTHER = await buildImage({ layers: [10], seed: 9 });
const WINDOW_SECONDS = 1000;
const LIMIT = 12; // the reserve is 10: two pulls are free

async function openLimited(test: TestDoorOptions = {}, limit = LIMIT): Promise<CachedDoor> {
  const door = await openCachedDoor(test);
  door.registry.configure({ rateLimit: { limit, windowSeconds: WINDOW_SECONDS } });
  return door;
}

/** The tag moves, and what is kept of it grows old. */
function move({ advance, registry }: CachedDoor): void {
  registry.add("acme/app", { image: OTHER, tags: ["v1"] });
  advance(61);
}

/** Pull what nobody has in a cache. */
async function spend({ send }: CachedDoor, tags: readonly string[]): Promise<void> {
  for (const tag of tags) await answered(await send(`/v2/acme/app/manifests/${tag}`));
}

function states({ events }: CachedDoor): string[] {
  return events.filter((event) => event.type === "cache.hit").map(({ state }) => state);
}

describe("the reserve of pulls", () => {
  it("is not spent on a tag that is cached: the old one is served, marked and aged", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    move(door);
    const old = await door.send(door.manifestPath);
    expect(old.headers.get("warning")).toBe('299 - "stale: the upstream allows few more pulls"');
    expect(old.headers.get("age")).toBe("61");
    expect(await answered(old)).toBe(door.image.digest);
    expect(door.trail()).toEqual(["GET 200", "GET 200", "HEAD 200"]);
    expect(states(door)).toEqual(["spared"]);
  });

  it("is told of once in a window", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2", "v3"]);
    move(door);
    await door.send(door.manifestPath);
    const lows = door.events.filter((event) => event.type === "rate_limit.low");
    expect(lows).toMatchObject([{ upstream: "sim", limit: LIMIT, remaining: 10, threshold: 10 }]);
  });

  it("is for what is not cached, down to the last pull", async () => {
    const door = await openLimited({}, 3);
    await spend(door, ["v1", "v2", "v3"]);
    expect(door.trail()).toEqual(["GET 200", "GET 200", "GET 200"]);
  });

  it("is not reached one pull earlier", async () => {
    const door = await openLimited();
    await spend(door, ["v1"]);
    move(door);
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
    expect(door.trail()).toEqual(["GET 200", "HEAD 200", "GET 200"]);
  });

  it("does not keep a tag from being renewed by HEAD", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    door.advance(61);
    const renewed = await door.send(door.manifestPath);
    expect([renewed.headers.get("warning"), renewed.headers.get("age")]).toEqual([null, "0"]);
    expect(states(door)).toEqual(["renewed"]);
  });

  it("serves HEAD and GET the same tag, and its digest", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    move(door);
    const head = await door.send(door.manifestPath, { method: "HEAD" });
    expect(head.headers.get("docker-content-digest")).toBe(door.image.digest);
    expect(head.headers.get("warning")).toContain("299 - ");
    door.advance(301); // manifests are fresh for 300 s
    const byDigest = await door.send(`/v2/acme/app/manifests/${door.image.digest}`);
    expect(await answered(byDigest)).toBe(door.image.digest);
    expect(door.trail().slice(2)).toEqual(["HEAD 200"]);
  });

  it("is over with the window: HEAD tells, and the tag is followed", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    move(door);
    await door.send(door.manifestPath);
    door.advance(WINDOW_SECONDS);
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
  });

  it("is over where the upstream tells of no limit any more", async () => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    move(door);
    door.registry.configure({ rateLimit: undefined as never });
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
  });

  it("is kept no longer than stale manifests may be", async () => {
    const door = await openLimited({ config: { cache: { tagTtlSeconds: 60 } } });
    await spend(door, ["v1", "v2"]);
    move(door);
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
  });

  it.each([401, 403, 404])("serves nothing where the upstream answers %i", async (status) => {
    const door = await openLimited();
    await spend(door, ["v1", "v2"]);
    move(door);
    const path = "/v2/*/manifests/*";
    door.simulation.faults.add({ path, action: { kind: "answer", status } });
    const refused = await door.send(door.manifestPath);
    expect(refused.status).toBeGreaterThanOrEqual(400);
  });

  it("has the size that the configuration says", async () => {
    const cache = { tagTtlSeconds: 60, staleIfErrorSeconds: 3600, pullReserve: 0 };
    const door = await openLimited({ config: { cache } }, 3);
    await spend(door, ["v1", "v2"]);
    move(door);
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
    door.registry.add("acme/app", { image: await buildImage({ layers: [11] }), tags: ["v1"] });
    door.advance(61);
    expect(await answered(await door.send(door.manifestPath))).toBe(OTHER.digest);
    expect(door.trail()).not.toContain("GET 429");
  });

  it("holds against many callers at once", async () => {
    const repositories = Array.from({ length: 20 }, (_, i) => `acme/r${i}`);
    const door = await openLimited({}, 35);
    for (const name of repositories) door.registry.add(name, { image: door.image, tags: ["v1"] });
    const paths = repositories.map((name) => `/v2/${name}/manifests/v1`);
    await Promise.all(paths.map((path) => door.send(path)));
    for (const name of repositories) door.registry.add(name, { image: OTHER, tags: ["v1"] });
    door.advance(61);
    const answers = await Promise.all(paths.map((path) => door.send(path)));
    const digests = await Promise.all(answers.map(answered));
    expect(digests.filter((digest) => digest === OTHER.digest)).toHaveLength(5);
    expect(door.trail().filter((line) => line === "GET 200")).toHaveLength(25);
  });
});
