import { describe, expect, it } from "vitest";
import type { RegistryClientOptions } from "../../src/client/mod.ts";
import {
  type CopyEvent,
  registryPlaces,
  syncImages,
  type SyncOptions,
  type SyncPlan,
  type SyncReport,
  type SyncSource,
} from "../../src/copy/mod.ts";
import { systemClock } from "../../src/core/mod.ts";
import { createManifestCache, memoryKv } from "../../src/kv/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage, type BuiltImage } from "../../src/simulation/mod.ts";
import { type CopyWorld, createCopyWorld } from "../support/copy_world.ts";

const IMAGES = await Promise.all(
  Array.from({ length: 12 }, (_, i) => buildImage({ seed: i + 1, layers: [700 + i] })),
);
const TAGS = ["1.0.0", "1.1.0", "1.2.0", "2.0.0-rc.1", "2.0.0", "latest", "edge-1", "edge-2"];

/** A world whose source has all tags in two repositories. */
function createSyncWorld(options: RegistryClientOptions = {}): CopyWorld {
  const world = createCopyWorld(options);
  for (const repository of ["acme/app", "acme/web"]) {
    TAGS.forEach((tag, i) => world.from.add(repository, { image: at(i), tags: [tag] }));
  }
  return world;
}

/** A world whose source has four images with one layer in common. */
async function createSharingWorld(): Promise<
  { world: CopyWorld; images: BuiltImage[]; shared: string }
> {
  const world = createCopyWorld();
  const images = await Promise.all(
    ["a", "b", "c", "d"].map((Labels) => buildImage({ config: { Labels } })),
  );
  images.forEach((image, i) => world.from.add("acme/app", { image, tags: [`v${i}`] }));
  return { world, images, shared: images[0]?.layers[0]?.digest ?? "" };
}

function at(i: number): typeof IMAGES[number] {
  const image = IMAGES[i % IMAGES.length];
  if (image === undefined) throw new Error("no image");
  return image;
}

function sync(world: CopyWorld, plan: SyncPlan, options: SyncOptions = {}): Promise<SyncReport> {
  const { client, clock, from, run } = world;
  async function* repositories(): AsyncGenerator<string, void> {
    yield* from.repositories();
  }
  const places = registryPlaces(client, { repositories });
  return run(syncImages(plan, places, { clock, ...options }));
}

function tagsOf(world: CopyWorld, repository: string): string[] {
  return [...world.to.repository(repository).tags.keys()].sort();
}

const APP = { from: "from.example.com/acme/app", to: "to.example.com/mirror/app" };

describe("syncImages()", () => {
  it("copies what a rule chooses, and then asks each side once for each tag", async () => {
    const world = createSyncWorld();
    const plan = { rules: [{ ...APP, tags: { semver: ">=1.1", exclude: ["*-rc*"] } }] };
    const first = await sync(world, plan);
    expect(first).toMatchObject({ copied: 3, unchanged: 0, failed: 0, deleted: 0 });
    expect(tagsOf(world, "mirror/app")).toEqual(["1.1.0", "1.2.0", "2.0.0"]);
    world.requests();
    const second = await sync(world, plan, { onEvent: world.told.onEvent });
    expect(second).toMatchObject({ copied: 0, unchanged: 3, transferredBytes: 0 });
    expect(world.requests().sort()).toEqual([
      "GET from tags/list?n=1000",
      ...["1.1.0", "1.2.0", "2.0.0"].map((tag) => `HEAD from manifests/${tag}`),
      ...["1.1.0", "1.2.0", "2.0.0"].map((tag) => `HEAD to manifests/${tag}`),
    ]);
    const own = world.types().filter((type) => type.startsWith("sync."));
    expect(own).toEqual([
      "sync.started",
      "sync.listed",
      ...Array(3).fill("sync.image"),
      "sync.finished",
    ]);
  });

  it("does not look for what cannot be in a new repository", async () => {
    const world = createSyncWorld();
    const report = await sync(world, { rules: [APP] });
    expect(report).toMatchObject({ copied: 8, failed: 0 });
    const requests = world.requests();
    expect(requests.filter((line) => /HEAD|list/.test(line))).toEqual([
      "GET from tags/list?n=1000",
      "HEAD to manifests/1.0.0",
      "GET to tags/list?n=1000",
    ]);
    // the tag by name, config and layer; POST and PUT of both, PUT of the manifest
    expect(requests.length).toBe(3 + 8 * (3 + 5));
    TAGS.forEach((tag, i) => expect(world.tag("mirror/app", tag)).toBe(at(i).digest));
    expect(TAGS.every((_, i) => world.holds("mirror/app", at(i)))).toBe(true);
  });

  it("asks no more than before where nothing is to be done", async () => {
    const world = createSyncWorld();
    await sync(world, { rules: [APP] });
    world.requests();
    expect(await sync(world, { rules: [APP] })).toMatchObject({ copied: 0, unchanged: 8 });
    expect(world.requests().length).toBe(1 + 2 * 8);
  });

  it("believes no registry that it has nothing which hides its tags, or has no lists", async () => {
    const heads = async (world: CopyWorld): Promise<number> => {
      world.requests();
      await sync(world, { rules: [APP] });
      return world.requests().filter((line) => line.startsWith("HEAD to manifests")).length;
    };
    for (const body of ['{"name":"mirror/app","tags":[]}', "no such page"]) {
      const world = createSyncWorld();
      world.to.add("mirror/app", { image: at(0), tags: [TAGS[0] ?? ""] });
      world.simulation.faults.add({
        host: "to.example.com",
        path: "*/tags/list",
        action: { kind: "answer", status: body.startsWith("{") ? 200 : 404, body },
      });
      expect(await heads(world)).toBe(8);
    }
    const world = createSyncWorld();
    world.simulation.faults.add({
      host: "to.example.com",
      path: "*/tags/list",
      action: { kind: "answer", status: 404, body: "no such page" },
    });
    expect(await heads(world)).toBe(8);
  });

  it("asks again for a manifest that is not what the source says that it is", async () => {
    const world = createSyncWorld();
    world.simulation.faults.add({
      host: "from.example.com",
      method: "GET",
      path: "*/manifests/latest",
      action: { kind: "headers", set: { "docker-content-digest": at(0).digest } },
    });
    expect(await sync(world, { rules: [APP] })).toMatchObject({ copied: 8, failed: 0 });
    const named = world.requests().filter((line) => /^(GET|HEAD) from manifests/.test(line));
    expect(named).toContain("HEAD from manifests/latest");
    expect(named).toContain(`GET from manifests/${at(5).digest}`);
  });

  it("copies what a tag means now, whatever a cache has", async () => {
    const clock = { ...systemClock, now: (): number => world.clock.now() };
    const cache = createManifestCache({ kv: memoryKv(), clock });
    const world = createSyncWorld({ cache });
    const { client, from, run } = world;
    await run(client.manifests.get(parseReference("from.example.com/acme/app:latest")));
    from.add("acme/app", { image: at(11), tags: ["latest"] });
    expect(await sync(world, { rules: [APP] })).toMatchObject({ copied: 8 });
    expect(world.tag("mirror/app", "latest")).toBe(at(11).digest);
  });

  it("asks once for a blob that several images of a repository have", async () => {
    const { shared, world } = await createSharingWorld();
    world.to.add("mirror/app", { image: at(9), tags: ["a"] });
    expect(await sync(world, { rules: [APP] }, { images: 1 })).toMatchObject({ copied: 4 });
    const asked = world.requests().filter((line) => line === `HEAD to blobs/${shared}`);
    expect(asked.length).toBe(1);
  });

  it("brings again what was there a moment ago, and is said to be missing now", async () => {
    const { images, shared, world } = await createSharingWorld();
    let count = 0;
    const onEvent = (event: CopyEvent): void => {
      world.told.onEvent(event);
      if (event.type === "sync.image" && ++count === 2) {
        world.to.repository("mirror/app").blobs.delete(shared);
      }
    };
    const report = await sync(world, { rules: [APP] }, { images: 1, onEvent });
    expect(report).toMatchObject({ copied: 4, failed: 0 });
    expect(world.types().filter((type) => type === "copy.healing").length).toBe(1);
    expect(images.every((image) => world.holds("mirror/app", image))).toBe(true);
  });

  it("lists for several rules at once, and keeps their order", async () => {
    const world = createSyncWorld();
    const places = registryPlaces(world.client);
    const held = Promise.withResolvers<void>();
    const begun: string[] = [];
    const source = (registry: string): SyncSource => ({
      ...places.source(registry),
      async *tags(repository, options): AsyncGenerator<string, void> {
        begun.push(repository);
        if (begun.length === 1) await held.promise; // until the second one is asked for, too
        else held.resolve();
        yield* places.source(registry).tags(repository, options);
      },
    });
    const rules = ["acme/app", "acme/web"].map((name) => ({
      from: `from.example.com/${name}`,
      to: `to.example.com/mirror/${name}`,
    }));
    const options = { clock: world.clock, images: 1, dryRun: true };
    const report = await world.run(syncImages({ rules }, { ...places, source }, options));
    expect(begun).toEqual(["acme/app", "acme/web"]);
    expect(report.images.map((image) => image.source.split(":")[0])).toEqual([
      ...TAGS.map(() => "from.example.com/acme/app"),
      ...TAGS.map(() => "from.example.com/acme/web"),
    ]);
  });

  it("lists nothing where the rule names every tag", async () => {
    const world = createSyncWorld();
    await sync(world, { rules: [{ ...APP, tags: { include: ["latest", "1.0.0"] } }] });
    expect(tagsOf(world, "mirror/app")).toEqual(["1.0.0", "latest"]);
    expect(world.requests().filter((line) => line.includes("list"))).toEqual([]);
  });

  it("takes repositories by glob, and the newest tags of each", async () => {
    const world = createSyncWorld();
    world.from.add("other/app", { image: at(0), tags: ["1.0.0"] });
    const rule = {
      from: "from.example.com/acme/*",
      to: "to.example.com/{name}-mirror",
      tags: { newest: 2 },
    };
    expect(await sync(world, { rules: [rule] })).toMatchObject({ copied: 4 });
    expect(tagsOf(world, "app-mirror")).toEqual(["2.0.0", "2.0.0-rc.1"]);
    expect(tagsOf(world, "web-mirror")).toEqual(["2.0.0", "2.0.0-rc.1"]);
  });

  it("writes nothing in a dry run, and says what it would", async () => {
    const world = createSyncWorld();
    world.to.add("mirror/app", { image: at(0), tags: ["1.0.0", "0.9.0"] });
    const plan = { rules: [{ ...APP, tags: { semver: "*" }, delete: true }] };
    const report = await sync(world, plan, { dryRun: true });
    const outcomes = report.images.map(({ destination, outcome }) =>
      `${destination.split(":")[1]} ${outcome}`
    );
    expect(outcomes.sort()).toEqual([
      "0.9.0 doomed",
      "1.0.0 unchanged",
      "1.1.0 planned",
      "1.2.0 planned",
      "2.0.0 planned",
    ]);
    const writes = world.requests().filter((line) => /^(PUT|POST|PATCH|DELETE)/.test(line));
    expect(writes).toEqual([]);
  });

  it("deletes only where told, what the rule would take and the source has no more", async () => {
    const world = createSyncWorld();
    world.to.configure({ push: {}, quirks: {} });
    world.to.add("mirror/app", { image: at(9), tags: ["0.9.0", "own", "1.0.0"] });
    await sync(world, { rules: [{ ...APP, tags: { semver: "*" } }] });
    expect(tagsOf(world, "mirror/app")).toContain("0.9.0");
    const plan = { rules: [{ ...APP, tags: { semver: "*" }, delete: true }] };
    expect(await sync(world, plan)).toMatchObject({ deleted: 1, unchanged: 4 });
    expect(tagsOf(world, "mirror/app")).toEqual(["1.0.0", "1.1.0", "1.2.0", "2.0.0", "own"]);
  });

  it("deletes nothing where the source shows nothing, or anything failed", async () => {
    const world = createSyncWorld();
    world.to.add("mirror/app", { image: at(9), tags: ["0.9.0"] });
    const none = { ...APP, tags: { include: ["0.*"] }, delete: true };
    expect(await sync(world, { rules: [none] })).toMatchObject({ deleted: 0 });
    world.simulation.faults.add({
      host: "from.example.com",
      path: "*/manifests/1.0.0",
      action: { kind: "answer", status: 403 },
    });
    const some = { ...APP, tags: { semver: "*" }, delete: true };
    expect(await sync(world, { rules: [some] })).toMatchObject({
      deleted: 0,
      failed: 1,
      copied: 3,
    });
    expect(tagsOf(world, "mirror/app")).toContain("0.9.0");
  });

  it("deletes nothing that another source or rule brings to the same place", async () => {
    const world = createSyncWorld();
    world.from.add("other/app", { image: at(8), tags: ["3.0.0"] });
    world.to.add("app-mirror", { image: at(9), tags: ["0.9.0"] });
    const rule = {
      from: "from.example.com/**",
      to: "to.example.com/{name}-mirror",
      tags: { semver: "*" },
      delete: true,
    };
    expect(await sync(world, { rules: [rule] })).toMatchObject({ deleted: 1 });
    const versions = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "3.0.0"];
    expect(tagsOf(world, "app-mirror")).toEqual(versions);
    const rules = [
      { ...APP, tags: { semver: "*" }, delete: true },
      { ...APP, from: "from.example.com/other/app" },
    ];
    expect(await sync(world, { rules })).toMatchObject({ deleted: 0 });
    expect(tagsOf(world, "mirror/app")).toEqual(versions);
  });

  it("deletes nothing by a rule that was not listed whole, nor where it would have gone", async () => {
    const world = createSyncWorld();
    world.from.add("other/app", { image: at(8), tags: ["3.0.0"] });
    for (const mirror of ["app-mirror", "web-mirror", "mirror/app"]) {
      world.to.add(mirror, { image: at(9), tags: ["0.9.0"] });
    }
    world.simulation.faults.add({
      host: "from.example.com",
      path: "*/other/app/tags/list",
      action: { kind: "answer", status: 403 },
    });
    const some = { tags: { semver: "*" }, delete: true };
    const rules = [
      { ...some, from: "from.example.com/**", to: "to.example.com/{name}-mirror" },
      { ...some, ...APP },
    ];
    expect(await sync(world, { rules })).toMatchObject({ deleted: 0, failed: 1 });
    const other = { ...some, ...APP, from: "from.example.com/other/app" };
    expect(await sync(world, { rules: [other, { ...some, ...APP }] })).toMatchObject({
      deleted: 0,
      failed: 1,
    });
    expect(await sync(world, { rules: [{ ...some, ...APP }] })).toMatchObject({ deleted: 1 });
  });

  it("goes on after a failure and reports it, or ends with it if told", async () => {
    const world = createSyncWorld();
    world.simulation.faults.add({
      host: "from.example.com",
      path: "*/manifests/latest",
      action: { kind: "answer", status: 403 },
    });
    const report = await sync(world, {
      rules: [APP, { ...APP, from: "from.example.com/acme/no" }],
    });
    expect(report).toMatchObject({ copied: 7, failed: 2 });
    const failures = report.images.filter(({ outcome }) => outcome === "failed");
    expect(failures.map(({ code }) => code).sort()).toEqual(["FORBIDDEN", "NOT_FOUND"]);
    await expect(sync(world, { rules: [APP] }, { failFast: true })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("waits for the end of a limit's window if that is near, else reports", async () => {
    const world = createSyncWorld();
    const plan = { rules: [{ ...APP, tags: { include: ["1.0.0", "1.1.0"] } }] };
    const limit = (retryAfter: number): () => void =>
      world.simulation.faults.add({
        host: "from.example.com",
        method: "GET",
        path: "*/manifests/*",
        first: 6,
        action: { kind: "answer", status: 429, retryAfter },
      });
    const remove = limit(1200);
    const report = await sync(world, plan);
    expect(report).toMatchObject({ copied: 0, failed: 2 });
    expect(report.images[0]).toMatchObject({ code: "RATE_LIMITED" });
    remove();
    limit(200);
    const waited = await sync(world, plan, { onEvent: world.told.onEvent });
    expect(waited).toMatchObject({ copied: 2, failed: 0 });
    expect(world.types()).toContain("sync.waiting");
  });

  it("refuses a rule that makes no sense before any request, naming its key", async () => {
    const world = createSyncWorld();
    const bad = [
      [{ ...APP, from: "from.example.com/acme/app:v1" }, "rules[0].from"],
      [{ ...APP, from: "*/app" }, "rules[0].from"],
      [{ ...APP, from: "from.example.com/acme/*" }, "rules[0].to"],
      [{ ...APP, to: "to.example.com/UPPER" }, "rules[0].to"],
      [{ ...APP, tags: { regex: "(" } }, "rules[0].tags.regex"],
    ] as const;
    for (const [rule, key] of bad) {
      await expect(sync(world, { rules: [rule] })).rejects.toMatchObject({
        code: "CONFIGURATION",
        details: { key },
      });
    }
    await expect(sync(world, { rules: [APP] }, { images: 0 })).rejects.toThrow(TypeError);
    expect(world.requests()).toEqual([]);
  });

  it("ends with the signal's reason", async () => {
    const world = createSyncWorld();
    const controller = new AbortController();
    const onEvent = ({ type }: { type: string }): void => {
      if (type === "sync.image") controller.abort(new Error("enough"));
    };
    await expect(sync(world, { rules: [APP] }, { onEvent, signal: controller.signal, images: 1 }))
      .rejects.toThrow("enough");
    expect(tagsOf(world, "mirror/app").length).toBeLessThan(TAGS.length);
  });
});
