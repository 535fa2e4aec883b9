import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../src/core/mod.ts";
import { copyImage, type RegistryImage } from "../../src/copy/mod.ts";
import { buildArtifact, buildImage, buildIndex, digestOf } from "../../src/simulation/mod.ts";
import { CHILDREN, INDEX, SIGNATURE, SOURCE, TARGET } from "../support/copy_images.ts";
import { createCopyWorld } from "../support/copy_world.ts";

const IMAGE = await buildImage({ layers: [5000, 6000] });
const SBOM = await buildArtifact({
  artifactType: "application/vnd.test.sbom",
  content: "bom",
  subject: CHILDREN[1] as typeof INDEX,
});
const COUNTERSIGNATURE = await buildArtifact({
  artifactType: "application/vnd.test.signature",
  content: "signed again",
  subject: SBOM,
});

describe("copyImage() between registries", () => {
  it("copies an index with all that it lists, byte for byte, children first", async () => {
    const world = createCopyWorld();
    const { from, image, run, told } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const copied = await run(copyImage(image(SOURCE), image(TARGET), told));
    expect(copied).toMatchObject({
      digest: INDEX.digest,
      outcome: "copied",
      totals: { manifests: 4, transferred: 9, mounted: 0, skipped: 0, transferredBytes: 5910 },
    });
    expect(world.holds("mirror/app", INDEX)).toBe(true);
    expect(world.tag("mirror/app", "v1")).toBe(INDEX.digest);
    const puts = world.requests().filter((line) => line.startsWith("PUT to manifests"));
    expect(puts.at(-1)).toBe("PUT to manifests/v1");
    const types = world.types();
    expect(types.slice(0, 2)).toEqual(["copy.started", "copy.planned"]);
    expect(types.filter((type) => type === "blob.finished")).toHaveLength(9);
    expect(types.slice(-5)).toEqual([...Array(4).fill("manifest"), "copy.finished"]);
  });

  it("copies more blobs within a registry than it may read at once, where it mounts none", async () => {
    const image = await buildImage({ layers: Array.from({ length: 12 }, (_, i) => 600_000 + i) });
    const world = createCopyWorld({ transport: { throttle: { concurrency: 4 } } });
    const busy = world.simulation.registry("busy.example.com", {
      push: {},
      quirks: { refuseMounts: true },
    });
    busy.add("acme/app", { image, tags: ["v1"] });
    const at = (repository: string): RegistryImage =>
      world.image(`busy.example.com/${repository}:v1`, { chunkBytes: 65_536 });
    const startedAt = world.clock.now();
    const { totals } = await world.run(copyImage(at("acme/app"), at("mirror/app"), world.told));
    expect(totals).toMatchObject({ transferred: 13, mounted: 0 });
    expect(busy.repository("mirror/app").tags.get("v1")).toBe(image.digest);
    expect(world.clock.now() - startedAt).toBeLessThan(1_000); // nobody waits for whom it keeps waiting
  });

  it("asks each side once by HEAD where nothing has changed", async () => {
    const world = createCopyWorld();
    const { from, image, run, to, told } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    to.add("mirror/app", { image: INDEX, tags: ["v1"] });
    const copied = await run(copyImage(image(SOURCE), image(TARGET), told));
    expect(copied).toMatchObject({ digest: INDEX.digest, outcome: "unchanged" });
    const asked = world.requests().toSorted(); // both at once
    expect(asked).toEqual(["HEAD from manifests/v1", "HEAD to manifests/v1"]);
    expect(world.types()).toEqual(["copy.started", "manifest", "copy.finished"]);
  });

  it("reads nothing of the children that are there", async () => {
    const world = createCopyWorld();
    const { from, image, run, to, told } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    for (const child of CHILDREN.slice(1)) to.add("mirror/app", { image: child });
    const { totals } = await run(copyImage(image(SOURCE), image(TARGET), told));
    expect(totals).toMatchObject({ manifests: 2, transferred: 3 });
    expect(world.holds("mirror/app", INDEX)).toBe(true);
    const read = world.requests().filter((line) => line.startsWith("GET from manifests"));
    expect(read).toHaveLength(2);
  });

  it("moves a tag to an image that is there without looking at its blobs", async () => {
    const world = createCopyWorld();
    const { from, image, run, to } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    to.add("mirror/app", { image: IMAGE, tags: ["v1"] });
    to.add("mirror/app", { image: INDEX });
    const { totals } = await run(copyImage(image(SOURCE), image(TARGET)));
    expect(totals).toMatchObject({ manifests: 1, transferred: 0, skipped: 0 });
    expect(world.tag("mirror/app", "v1")).toBe(INDEX.digest);
    expect(world.requests().filter((line) => line.includes("blobs"))).toEqual([]);
  });

  it("mounts across the repositories of one registry, and what it learned elsewhere", async () => {
    const world = createCopyWorld();
    const { from, image, run, to } = world;
    to.add("acme/base", { image: IMAGE, tags: ["v1"] });
    const first = await run(
      copyImage(image("to.example.com/acme/base:v1"), image("to.example.com/acme/app:v1")),
    );
    expect(first.totals).toMatchObject({ mounted: 3, transferred: 0, transferredBytes: 0 });
    from.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const second = await run(copyImage(image(SOURCE), image(TARGET)));
    expect(second.totals).toMatchObject({ mounted: 3, transferred: 0 });
    expect(world.requests().filter((line) => line.startsWith("GET from blobs"))).toEqual([]);
  });

  it("takes one platform as its manifest, and several not at all", async () => {
    const world = createCopyWorld();
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const [, arm] = CHILDREN;
    const copied = await run(
      copyImage(image(SOURCE), image(TARGET), { platforms: ["linux/arm64"] }),
    );
    expect(copied.digest).toBe(arm?.digest);
    expect(world.tag("mirror/app", "v1")).toBe(arm?.digest);
    expect(copied.totals).toMatchObject({ manifests: 1, transferred: 3 });
    const platforms = ["linux/arm64", "linux/amd64"];
    await expect(run(copyImage(image(SOURCE), image(TARGET), { platforms }))).rejects
      .toMatchObject({ code: "UNSUPPORTED" });
    await expect(run(copyImage(image(SOURCE), image(TARGET), { platforms: ["linux/mips"] })))
      .rejects.toMatchObject({ code: "PLATFORM_NOT_FOUND" });
    const again = await run(
      copyImage(image(SOURCE), image(TARGET), { platforms: ["linux/arm64/v8"] }),
    );
    expect(again.outcome).toBe("unchanged");
  });

  it("copies referrers of all that is listed, and theirs, before the tag", async () => {
    const world = createCopyWorld();
    const { from, image, run, to } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    for (const one of [SIGNATURE, SBOM, COUNTERSIGNATURE]) from.add("acme/app", { image: one });
    await run(copyImage(image(SOURCE), image(TARGET), { referrers: true }));
    for (const one of [INDEX, SIGNATURE, SBOM, COUNTERSIGNATURE]) {
      expect(world.holds("mirror/app", one)).toBe(true);
    }
    expect(world.requests().at(-1)).toBe("PUT to manifests/v1");
    const again = await run(copyImage(image(SOURCE), image(TARGET), { referrers: true }));
    expect(again.outcome).toBe("unchanged");
    expect(world.requests().filter((line) => line.startsWith("PUT"))).toEqual([]);
    to.repository("mirror/app").manifests.delete(SIGNATURE.digest);
    const healed = await run(copyImage(image(SOURCE), image(TARGET), { referrers: true }));
    expect(healed.totals).toMatchObject({ manifests: 1 });
  });

  it("copies only referrers of the types asked for", async () => {
    const world = createCopyWorld();
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    for (const one of [SIGNATURE, SBOM]) from.add("acme/app", { image: one });
    const referrers = ["application/vnd.test.signature"];
    await run(copyImage(image(SOURCE), image(TARGET), { referrers }));
    expect(world.holds("mirror/app", SIGNATURE)).toBe(true);
    expect(world.holds("mirror/app", SBOM)).toBe(false);
  });

  it("copies tags that are made of a digest, of the index and of its children", async () => {
    const world = createCopyWorld();
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const [first] = CHILDREN;
    const tags = [
      `${INDEX.digest.replace(":", "-")}.sig`,
      `${first?.digest.replace(":", "-")}.att`,
    ];
    for (const tag of tags) from.add("acme/app", { image: IMAGE, tags: [tag] });
    from.add("acme/app", { image: IMAGE, tags: [`sha256-${"0".repeat(64)}.sig`] });
    await run(copyImage(image(SOURCE), image(TARGET), { digestTags: true }));
    expect([...world.to.repository("mirror/app").tags.keys()].sort()).toEqual(
      [...tags, "v1"].sort(),
    );
    world.requests();
    await run(copyImage(image(SOURCE), image(TARGET), { digestTags: true }));
    expect(world.requests().filter((line) => line.startsWith("PUT"))).toEqual([]);
  });

  it("pushes again, once, what the destination says that it lacks", async () => {
    const world = createCopyWorld();
    const { from, image, run, simulation, to, told } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    to.add("mirror/app", { image: INDEX });
    const repository = to.repository("mirror/app");
    const [child] = CHILDREN;
    const lost = child?.layers[0]?.digest ?? "";
    // a cache that was filled by halves: HEAD says yes, the manifest's push says no
    repository.manifests.delete(INDEX.digest);
    repository.manifests.delete(child?.digest ?? "");
    const errors = [{ code: "MANIFEST_BLOB_UNKNOWN", message: "", detail: { digest: lost } }];
    simulation.faults.add({
      method: "PUT",
      path: `*/manifests/${child?.digest}`,
      nth: 1,
      action: { kind: "answer", status: 404, body: JSON.stringify({ errors }) },
    });
    const { totals } = await run(copyImage(image(SOURCE), image(TARGET), told));
    expect(totals).toMatchObject({ transferred: 1, skipped: 3 });
    const healing = world.events.find(({ type }) => type === "copy.healing");
    expect(healing).toMatchObject({ digest: child?.digest, missing: [lost] });
    expect(world.holds("mirror/app", INDEX)).toBe(true);
  });

  it("leaves foreign layers where they are", async () => {
    const world = createCopyWorld();
    const { events, from, image, run, told } = world;
    const [config, layer] = IMAGE.blobs;
    const foreign = {
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      digest: layer?.digest,
      size: layer?.content.size,
      urls: ["https://cdn.example/layer"],
    };
    const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
    const bytes = encodeUtf8(JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        digest: config?.digest,
        size: config?.content.size,
      },
      layers: [foreign],
    }));
    const digest = await digestOf(bytes);
    const descriptor = { mediaType, digest, size: bytes.length };
    const blobs = config === undefined ? [] : [config];
    from.add("acme/app", {
      image: { ...IMAGE, mediaType, digest, bytes, descriptor, blobs, layers: [] },
      tags: ["v1"],
    });
    const { totals } = await run(copyImage(image(SOURCE), image(TARGET), told));
    expect(totals).toMatchObject({ manifests: 1, transferred: 1, skipped: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "blob.skipped", digest: layer?.digest, reason: "foreign" }),
    );
    expect(world.tag("mirror/app", "v1")).toBe(digest);
  });

  it("refuses an index whose entry is not what it says", async () => {
    const world = createCopyWorld();
    const { from, image, run } = world;
    const [child] = CHILDREN;
    if (child === undefined) throw new Error("no child");
    const lying = [
      [{ ...child.descriptor, size: child.descriptor.size + 1 }, "BLOB_SIZE_MISMATCH"],
      [{ ...child.descriptor, mediaType: INDEX.mediaType }, "AMBIGUOUS_MANIFEST"],
    ] as const;
    for (const [descriptor, code] of lying) {
      const index = await buildIndex({ manifests: [{ ...child, descriptor }] });
      from.add("acme/app", { image: index, tags: ["v1"] });
      await expect(run(copyImage(image(SOURCE), image(TARGET)))).rejects.toMatchObject({ code });
      expect(world.tag("mirror/app", "v1")).toBeUndefined();
    }
  });

  it("names an image that is not there", async () => {
    const { events, image, run, told } = createCopyWorld();
    await expect(run(copyImage(image(SOURCE), image(TARGET), told))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(events.at(-1)).toMatchObject({ type: "copy.failed", code: "NOT_FOUND" });
  });

  it("ends with the signal's reason, and says so", async () => {
    const world = createCopyWorld();
    const { from, image, run, told } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const controller = new AbortController();
    const onEvent = (event: Parameters<typeof told.onEvent>[0]): void => {
      told.onEvent(event);
      if (event.type === "blob.started") controller.abort(new Error("enough"));
    };
    const { signal } = controller;
    await expect(run(copyImage(image(SOURCE), image(TARGET), { ...told, onEvent, signal })))
      .rejects.toThrow("enough");
    expect(world.events.at(-1)).toMatchObject({ type: "copy.failed", code: "ABORTED" });
    expect(world.tag("mirror/app", "v1")).toBeUndefined();
  });

  it("moves each digest once, however many copies want it at once", async () => {
    const world = createCopyWorld();
    const { from, image, run } = world;
    const big = await buildImage({ layers: [{ size: 2 * 1024 * 1024, compression: "none" }, 700] });
    const copies = Array.from({ length: 32 }, (_, i) => {
      from.add("acme/app", { image: big, tags: [`v${i}`] });
      const to = image(`to.example.com/mirror/app${i % 2}:v${i}`);
      return copyImage(image(`from.example.com/acme/app:v${i}`), to);
    });
    const done = await run(Promise.all(copies));
    const bytes = done.reduce((sum, { totals }) => sum + totals.transferredBytes, 0);
    const [layer, ...small] = [...big.layers, big.blobs[0]].map((one) => one?.content.size ?? 0);
    // the large layer once and then mounted; what is small once for each repository
    expect(bytes).toBe((layer ?? 0) + 2 * small.reduce((sum, size) => sum + size, 0));
    expect(world.holds("mirror/app0", big) && world.holds("mirror/app1", big)).toBe(true);
  });

  it("refuses options that are none", async () => {
    const { image, run } = createCopyWorld();
    const ends = [image(SOURCE), image(TARGET)] as const;
    await expect(run(copyImage(...ends, { concurrency: 0 }))).rejects.toThrow(TypeError);
    await expect(run(copyImage(...ends, { platforms: [] }))).rejects.toThrow(TypeError);
  });
});
