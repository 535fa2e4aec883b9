import { readdir, rename, stat, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { archiveImage, copyImage, fileImage, layoutImage, openLayout } from "../../src/copy/mod.ts";
import { type BlobWriter, type ImageLayout, openArchive } from "../../src/layout/mod.ts";
import { type Digest, parseDigest } from "../../src/reference/mod.ts";
import { buildImage, buildIndex } from "../../src/simulation/mod.ts";
import { CHILDREN, INDEX, SIGNATURE, SOURCE, TARGET } from "../support/copy_images.ts";
import { createCopyWorld } from "../support/copy_world.ts";
import { ownFolder } from "../support/own_folder_node.ts";

/** Whether the next removal of a tree ends after its first file. */
const removal = vi.hoisted(() => ({ breaks: false }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs/promises")>();
  const rm: typeof original.rm = async (path, options) => {
    if (!removal.breaks || options?.recursive !== true) return await original.rm(path, options);
    removal.breaks = false;
    await original.rm(`${path}/index.json`);
    throw new Error("killed");
  };
  return { ...original, rm };
});

async function temporaryLayout(): Promise<ImageLayout> {
  return await openLayout(join(ownFolder("copy"), "layout"));
}

describe("copyImage() with layouts", () => {
  it("goes through a layout to another registry with the source switched off", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run, simulation } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    from.add("acme/app", { image: SIGNATURE });
    const signature = `${INDEX.digest.replace(":", "-")}.sig`;
    from.add("acme/app", { image: CHILDREN[2] ?? INDEX, tags: [signature] });
    const layout = await temporaryLayout();
    const options = { referrers: true, digestTags: true };
    const kept = layoutImage(layout, SOURCE, { isCache: true });
    await run(copyImage(image(SOURCE), kept, options));
    expect((await layout.names()).map(({ name }) => name)).toEqual(
      expect.arrayContaining([SOURCE, `from.example.com/acme/app:${signature}`]),
    );
    expect((await layout.names()).find(({ name }) => name === SOURCE)?.cache).toMatchObject({
      sourceImage: SOURCE,
    });
    expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
    simulation.faults.add({
      host: "from.example.com",
      action: { kind: "drop", by: "close", unseen: true },
    });
    const pushed = await run(copyImage(kept, image(TARGET), options));
    expect(pushed.digest).toBe(INDEX.digest);
    expect(world.holds("mirror/app", INDEX)).toBe(true);
    expect(world.holds("mirror/app", SIGNATURE)).toBe(true);
    expect(world.tag("mirror/app", signature)).toBe(CHILDREN[2]?.digest);
    const again = await run(copyImage(kept, image(TARGET), options));
    expect(again.outcome).toBe("unchanged");
  });

  it("keeps the bytes of an index of which it takes some platforms, and adds others later", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const layout = await temporaryLayout();
    const to = layoutImage(layout, "v1");
    const platforms = ["linux/amd64", "linux/arm64"];
    const some = await run(copyImage(image(SOURCE), to, { platforms }));
    expect(some).toMatchObject({ digest: INDEX.digest, totals: { manifests: 3, transferred: 6 } });
    const again = await run(copyImage(image(SOURCE), to, { platforms }));
    expect(again).toMatchObject({ outcome: "unchanged" });
    const all = await run(copyImage(image(SOURCE), to));
    expect(all.totals).toMatchObject({ manifests: 1, transferred: 3 });
    expect((await run(copyImage(image(SOURCE), to))).outcome).toBe("unchanged");
  });

  it("continues a blob by range where an earlier run ended", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run, simulation, told } = world;
    const big = await buildImage({ layers: [{ size: 1_000_000, compression: "none" }] });
    from.add("acme/app", { image: big, tags: ["v1"] });
    const digest = big.layers[0]?.digest ?? "";
    const layout = await temporaryLayout();
    const remove = simulation.faults.add({
      host: "from.example.com",
      path: `*/blobs/${digest}`,
      action: { kind: "pace", bytes: 100_000, everyMs: 60 },
    });
    const controller = new AbortController();
    world.clock.after(400, () => controller.abort(new Error("killed")));
    const { signal } = controller;
    await expect(run(copyImage(image(SOURCE), layoutImage(layout, "v1"), { ...told, signal })))
      .rejects.toThrow("killed");
    remove();
    const { totals } = await run(copyImage(image(SOURCE), layoutImage(layout, "v1"), told));
    expect(totals).toMatchObject({ resumed: 1 });
    const ranges = simulation.log.filter(({ url }) => url.includes(digest)).map(({ headers }) =>
      headers["range"]
    );
    const resumed = world.events.findLast(({ type }) => type === "blob.resumed");
    const offset = resumed?.type === "blob.resumed" ? resumed.arrivedBytes : 0;
    expect(offset).toBeGreaterThan(0);
    expect(ranges).toEqual([undefined, `bytes=${offset}-`]);
    expect(totals.transferredBytes).toBe((big.blobs[1]?.content.size ?? 0) - offset);
    expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
  });

  it("takes a blob from its start where an earlier run ended and ranges are not served", async () => {
    const big = await buildImage({ layers: [{ size: 300_000, compression: "none" }] });
    const [layer] = big.layers;
    if (layer === undefined) throw new Error("no layer");
    for (const status of [200, 400, 416]) {
      const world = createCopyWorld({ resume: { skippedBytes: 1000 } }, "system");
      const { from, image, run, simulation } = world;
      from.add("acme/app", { image: big, tags: ["v1"] });
      if (status === 200) from.configure({ quirks: { ignoreRange: true } });
      else simulation.faults.add({ ranged: true, action: { kind: "answer", status } });
      const layout = await temporaryLayout();
      const blob = { digest: parseDigest(layer.digest), size: layer.content.size };
      const writer = await layout.blobWriter(blob);
      await writer.write(layer.content.read(0, 100_000));
      await writer.abort();
      const { totals } = await run(copyImage(image(SOURCE), layoutImage(layout, "v1")));
      expect([status, totals.resumed]).toEqual([status, 1]);
      expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
    }
  });

  it("looks again where another has taken the file that it wrote, and has ended it", async () => {
    const { from, image, run } = createCopyWorld({}, "system");
    from.add("acme/app", { image: CHILDREN[0] ?? INDEX, tags: ["v1"] });
    const layout = await temporaryLayout();
    const partial = join(layout.directory, ".tidegate", "partial");
    const take = async (digest: string): Promise<void> => {
      for (const name of await readdir(partial)) {
        const [, hex = ""] = /^sha256-([0-9a-f]{64})/.exec(name) ?? [];
        if (digest === `sha256:${hex}`) {
          await rename(join(partial, name), join(layout.directory, "blobs", "sha256", hex));
        }
      }
    };
    const taken = {
      ...layout,
      async blobWriter(...args: Parameters<typeof layout.blobWriter>): Promise<BlobWriter> {
        const writer = await layout.blobWriter(...args);
        return { ...writer, close: () => take(args[0].digest).then(() => writer.close()) };
      },
    };
    await run(copyImage(image(SOURCE), layoutImage(taken, "v1"), { concurrency: 1 }));
    expect(await layout.verify()).toMatchObject({ corrupt: [], missing: [] });
    const writer = await layout.blobWriter({ digest: parseDigest(INDEX.digest), size: 9 });
    await writer.write(new Uint8Array(5));
    await take(INDEX.digest);
    await writer.abort();
  });

  it("lists a referrer whose manifest came before its listing was cut off", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const layout = await temporaryLayout();
    const to = layoutImage(layout, "v1");
    await run(copyImage(image(SOURCE), to, { referrers: true }));
    from.add("acme/app", { image: SIGNATURE });
    const { blobs, bytes, digest } = SIGNATURE;
    const files = blobs.map(({ content, digest }) => ({
      digest,
      bytes: content.read(0, content.size),
    }));
    for (const { digest: name, bytes: held } of [...files, { digest, bytes }]) {
      const writer = await layout.blobWriter({ digest: parseDigest(name), size: held.length });
      await writer.write(held);
      await writer.close();
    }
    expect(await layout.referrers(parseDigest(INDEX.digest))).toEqual([]);
    await run(copyImage(image(SOURCE), to, { referrers: true }));
    expect(await layout.referrers(parseDigest(INDEX.digest))).toMatchObject([
      { digest: SIGNATURE.digest },
    ]);
  });

  it("spares a manifest that it found from a collector, and looks at each once", async () => {
    const { from, image, run } = createCopyWorld({}, "system");
    let nested = await buildIndex({ manifests: [CHILDREN[0] ?? INDEX] });
    for (let i = 0; i < 2; i++) nested = await buildIndex({ manifests: [nested, nested] });
    from.add("acme/app", { image: nested, tags: ["v1"] });
    const layout = await temporaryLayout();
    await run(copyImage(image(SOURCE), layoutImage(layout, "v1")));
    const path = join(layout.directory, "blobs", nested.digest.replace(":", "/"));
    await utimes(path, 1, 1);
    let reads = 0;
    const counted = {
      ...layout,
      manifest: (digest: Digest) => (reads++, layout.manifest(digest)),
    };
    const to = layoutImage(counted, "v1");
    const { mediaType, bytes } = nested;
    const root = { digest: parseDigest(nested.digest), size: bytes.length, mediaType };
    expect(await to.hasManifest(root, {})).toBe(true);
    expect(reads).toBe(4);
    expect((await stat(path)).mtimeMs).toBeGreaterThan(1e6);
  });

  it("fails for a wrong blob, and keeps nothing of it", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run, simulation } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    simulation.faults.add({
      host: "from.example.com",
      path: `*/blobs/${CHILDREN[0]?.layers[0]?.digest}`,
      action: { kind: "flip", at: 10 },
    });
    const layout = await temporaryLayout();
    await expect(run(copyImage(image(SOURCE), layoutImage(layout, "v1")))).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
    });
    expect(await layout.resolve("v1")).toBeUndefined();
    expect(await layout.verify()).toMatchObject({ corrupt: [] });
  });

  it("names what is not there", async () => {
    const { image, run } = createCopyWorld({}, "system");
    const layout = await temporaryLayout();
    await expect(run(copyImage(layoutImage(layout, "v1"), image(TARGET)))).rejects.toMatchObject({
      code: "CACHE_NOT_FOUND",
    });
    expect(await readdir(layout.directory)).toContain("oci-layout");
  });

  it("copies between layouts", async () => {
    const { from, image, run } = createCopyWorld({}, "system");
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const [one, two] = [await temporaryLayout(), await temporaryLayout()];
    await run(copyImage(image(SOURCE), layoutImage(one, "v1")));
    const { totals } = await run(copyImage(layoutImage(one, "v1"), layoutImage(two, "v2")));
    expect(totals).toMatchObject({ manifests: 4, transferred: 9 });
    expect(await two.verify()).toMatchObject({ corrupt: [], missing: [] });
  });

  it("pushes 32 tags out of one layout at once", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const layout = await temporaryLayout();
    const pulls = Array.from(
      { length: 32 },
      (_, i) => copyImage(image(SOURCE), layoutImage(layout, `v${i}`)),
    );
    await run(Promise.all(pulls));
    expect(await layout.names()).toHaveLength(32);
    const pushes = Array.from(
      { length: 32 },
      (_, i) => copyImage(layoutImage(layout, `v${i}`), image(`to.example.com/mirror/app:v${i}`)),
    );
    const pushed = await run(Promise.all(pushes));
    expect(pushed.reduce((sum, { totals }) => sum + totals.transferred, 0)).toBe(9);
    expect(world.to.repository("mirror/app").tags.size).toBe(32);
  });
});

describe("copyImage() with archives", () => {
  it("goes through an OCI archive with referrers, digests kept", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    from.add("acme/app", { image: SIGNATURE });
    const directory = ownFolder("copy");
    const file = join(directory, "app.tar");
    const to = archiveImage(file, { name: "v1" });
    const copied = await run(copyImage(image(SOURCE), to, { referrers: true, tags: ["latest"] }));
    expect(copied).toMatchObject({ digest: INDEX.digest, outcome: "copied" });
    expect(await readdir(directory)).toEqual(["app.tar"]);
    const archive = await openArchive(file);
    const source = fileImage(archive, "latest", { scheme: "oci-archive" });
    expect(source.name).toBe(`oci-archive:${file}:latest`);
    await run(copyImage(source, image(TARGET), { referrers: true }));
    await archive.close();
    expect(world.holds("mirror/app", INDEX)).toBe(true);
    expect(world.holds("mirror/app", SIGNATURE)).toBe(true);
  });

  it("goes through a docker archive, one platform of it", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const directory = ownFolder("copy");
    const file = join(directory, "app.tar");
    const to = archiveImage(file, { name: "acme/app:v1", format: "docker" });
    await run(copyImage(image(SOURCE), to, { platforms: ["linux/arm64"] }));
    const archive = await openArchive(file);
    const { digest } = await run(copyImage(fileImage(archive), image(TARGET)));
    expect(digest).toBe(CHILDREN[1]?.digest);
    expect(world.holds("mirror/app", CHILDREN[1] ?? INDEX)).toBe(true);
  });

  it("leaves what has arrived to the next run", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run, simulation } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const directory = ownFolder("copy");
    const file = join(directory, "app.tar");
    const remove = simulation.faults.add({
      path: `*/blobs/${CHILDREN[2]?.layers[1]?.digest}`,
      action: { kind: "answer", status: 403 },
    });
    await expect(run(copyImage(image(SOURCE), archiveImage(file, { name: "v1" })))).rejects
      .toMatchObject({ code: "FORBIDDEN" });
    expect(await readdir(directory)).toEqual(["app.tar.partial"]);
    remove();
    const { totals } = await run(copyImage(image(SOURCE), archiveImage(file, { name: "v1" })));
    expect(totals.skipped).toBeGreaterThan(0);
    expect(await readdir(directory)).toEqual(["app.tar"]);
  });

  it("goes on where an earlier run ended while it cleaned up", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const directory = ownFolder("copy");
    const file = join(directory, "app.tar");
    removal.breaks = true;
    await expect(run(copyImage(image(SOURCE), archiveImage(file, { name: "v1" })))).rejects
      .toThrow("killed");
    expect(await readdir(directory)).toEqual(["app.tar", "app.tar.partial"]);
    await run(copyImage(image(SOURCE), archiveImage(file, { name: "v1" })));
    expect(await readdir(directory)).toEqual(["app.tar"]);
  });

  it("refuses to keep what arrives behind a link, and leaves its target alone", async () => {
    const world = createCopyWorld({}, "system");
    const { from, image, run } = world;
    from.add("acme/app", { image: INDEX, tags: ["v1"] });
    const cache = await temporaryLayout();
    const directory = ownFolder("copy");
    const file = join(directory, "app.tar");
    await symlink(cache.directory, `${file}.partial`);
    await expect(run(copyImage(image(SOURCE), archiveImage(file, { name: "v1" })))).rejects
      .toMatchObject({ code: "CACHE_INVALID", details: { path: `${file}.partial` } });
    expect(await readdir(cache.directory)).toContain("oci-layout");
    expect(await cache.names()).toEqual([]);
  });
});
