import { describe, expect, it } from "vitest";
import { createRegistryClient } from "../../src/client/mod.ts";
import { copyImage, memoryUploadRecords } from "../../src/copy/mod.ts";
import { type RegistryImage, registryImage } from "../../src/copy/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { SOURCE, TARGET } from "../support/copy_images.ts";
import { type CopyWorld, createCopyWorld } from "../support/copy_world.ts";
import { fixedRandom } from "../support/transport.ts";

const CHUNK = 64 * 1024;
const SIZE = 10 * CHUNK + 100;
const IMAGE = await buildImage({ layers: [{ size: SIZE, compression: "none" }] });
const [LAYER] = IMAGE.layers;

/** Copy, and abort when so many requests have carried a chunk. */
async function interrupted(
  world: CopyWorld,
  options: Parameters<CopyWorld["image"]>[1],
  chunks: number,
): Promise<void> {
  const controller = new AbortController();
  const { image, run, simulation } = world;
  const sent = (): number => simulation.log.filter(({ method }) => method === "PATCH").length;
  const records = options?.records;
  const watched = records && {
    ...records,
    async claim(...args: Parameters<typeof records.claim>): ReturnType<typeof records.claim> {
      const slot = await records.claim(...args);
      return slot && {
        ...slot,
        async save(record: Parameters<typeof slot.save>[0]): Promise<void> {
          await slot.save(record);
          if (sent() === chunks) controller.abort(new Error("killed"));
        },
      };
    },
  };
  const to = image(TARGET, { ...options, ...(watched && { records: watched }) });
  await expect(run(copyImage(image(SOURCE), to, { signal: controller.signal }))).rejects
    .toThrow("killed");
}

/** The ends as another process sees them: with a client that has learned nothing. */
function fresh(
  world: CopyWorld,
  options: Parameters<typeof registryImage>[2],
): readonly [RegistryImage, RegistryImage] {
  const { clock, simulation } = world;
  const { fetch } = simulation;
  const client = createRegistryClient({ fetch, clock, random: fixedRandom() });
  return [
    registryImage(client, parseReference(SOURCE)),
    registryImage(client, parseReference(TARGET), options),
  ];
}

describe("copyImage() after an interruption", () => {
  it("goes on from the record, taking and sending only what is left", async () => {
    const world = createCopyWorld();
    world.from.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const records = memoryUploadRecords(world.clock);
    const options = { records, chunkBytes: CHUNK };
    await interrupted(world, options, 4);
    expect(await records.list()).toMatchObject([{
      destination: "to.example.com/mirror/app:v1",
      isRunning: false,
      record: { digest: LAYER?.digest, size: LAYER?.content.size },
    }]);
    const [left] = await records.list();
    const offset = left?.record.offset ?? 0;
    expect(offset).toBeGreaterThanOrEqual(3 * CHUNK);
    world.requests();
    const { clock, events, run, simulation, told } = world;
    const before = simulation.log.length;
    const { totals } = await run(copyImage(...fresh(world, options), { ...told, clock }));
    expect(totals).toMatchObject({ resumed: 1, transferred: 1, skipped: 1 });
    expect(totals.transferredBytes).toBeLessThanOrEqual(SIZE + 2048 - 3 * CHUNK);
    const resumed = events.find(({ type }) => type === "blob.resumed");
    expect(resumed).toMatchObject({ digest: LAYER?.digest });
    const gets = simulation.log.slice(before).filter(({ method, url }) =>
      method === "GET" && url.includes(`blobs/${LAYER?.digest}`)
    );
    expect(gets.map(({ headers }) => headers["range"])).toEqual([`bytes=${offset}-`]);
    expect(world.holds("mirror/app", IMAGE)).toBe(true);
    expect(await records.list()).toEqual([]);
  });

  it("starts anew where the registry has forgotten the upload, or the record is nonsense", async () => {
    for (const spoil of ["forget", "nonsense", "elsewhere"]) {
      const world = createCopyWorld();
      world.from.add("acme/app", { image: IMAGE, tags: ["v1"] });
      const records = memoryUploadRecords(world.clock);
      const options = { records, chunkBytes: CHUNK };
      await interrupted(world, options, 4);
      const [left] = await records.list();
      const slot = left && await records.claim(
        { registry: "to.example.com", repository: "mirror/app" },
        LAYER?.digest as never,
        left,
      );
      expect(slot).toBeDefined();
      if (spoil === "forget") world.to.uploads.clear();
      if (spoil === "nonsense" && left) await slot?.save({ ...left.record, state: "AAAA" });
      if (spoil === "elsewhere" && left) {
        await slot?.save({ ...left.record, location: "https://evil.example.com/upload" });
      }
      await slot?.release();
      const { totals } = await world.run(copyImage(...fresh(world, options)));
      expect([spoil, totals.transferred, totals.resumed]).toEqual([spoil, 1, 0]);
      expect(world.holds("mirror/app", IMAGE)).toBe(true);
      expect(await records.list()).toEqual([]);
    }
  });

  it("starts anew where the registry refuses the old upload, whatever it says", async () => {
    const actions = [
      { kind: "answer", status: 403 },
      { kind: "answer", status: 401 },
      { kind: "answer", status: 400 },
      { kind: "answer", status: 500 },
      { kind: "headers", set: { range: "nonsense" } },
    ] as const;
    for (const action of actions) {
      const world = createCopyWorld();
      world.from.add("acme/app", { image: IMAGE, tags: ["v1"] });
      const records = memoryUploadRecords(world.clock);
      const options = { records, chunkBytes: CHUNK };
      await interrupted(world, options, 4);
      const [left] = await records.list();
      const path = new URL(left?.record.location ?? "").pathname;
      world.simulation.faults.add({ host: "to.example.com", path, action });
      const { totals } = await world.run(copyImage(...fresh(world, options)));
      expect([action, totals.transferred, totals.resumed]).toEqual([action, 1, 0]);
      expect(world.holds("mirror/app", IMAGE)).toBe(true);
      expect(await records.list()).toEqual([]);
    }
  });

  it("forgets what can never be right", async () => {
    const world = createCopyWorld();
    world.from.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const records = memoryUploadRecords(world.clock);
    world.simulation.faults.add({
      host: "from.example.com",
      method: "GET",
      path: `*/blobs/${LAYER?.digest}`,
      action: { kind: "flip", at: 70_000 },
    });
    const [from, to] = fresh(world, { records, chunkBytes: CHUNK });
    await expect(world.run(copyImage(from, to))).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(await records.list()).toEqual([]);
    expect(world.tag("mirror/app", "v1")).toBeUndefined();
    expect(world.to.repository("mirror/app").blobs.has(LAYER?.digest ?? "")).toBe(false);
  });

  it("cancels an upload by its record", async () => {
    const world = createCopyWorld();
    world.from.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const records = memoryUploadRecords(world.clock);
    await interrupted(world, { records, chunkBytes: CHUNK }, 2);
    const [left] = await records.list();
    expect(world.to.uploads.size).toBe(1);
    if (left === undefined) throw new Error("nothing was kept");
    expect(await world.run(world.client.blobs.cancelUpload(left.record))).toBe(true);
    expect(world.to.uploads.size).toBe(0);
    expect(await world.run(world.client.blobs.cancelUpload(left.record))).toBe(false);
  });
});
