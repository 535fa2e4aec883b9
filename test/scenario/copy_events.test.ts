import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type CopyEvent, copyImage, registryPlaces, syncImages } from "../../src/copy/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { createCopyWorld } from "../support/copy_world.ts";
import { type JsonSchema, violations } from "../support/json_schema.ts";

const SCHEMA = JSON.parse(readFileSync("docs/events.schema.json", "utf8")) as JsonSchema;
const IMAGE = await buildImage({ layers: [5000, { size: 3_000_000, compression: "none" }] });

describe("events of copies and syncs", () => {
  it("are as the published schema says, after JSON", async () => {
    const world = createCopyWorld();
    const { client, clock, from, image, run, simulation, to, told } = world;
    from.add("acme/app", { image: IMAGE, tags: ["v1", "v2"] });
    to.add("mirror/app", { image: IMAGE, tags: ["old"] });
    simulation.faults.add({
      path: `*/blobs/${IMAGE.layers[1]?.digest}`,
      action: { kind: "pace", bytes: 100_000, everyMs: 100 },
    });
    const source = image("from.example.com/acme/app:v1");
    await run(copyImage(source, image("to.example.com/new/app:v1", { chunkBytes: 500_000 }), told));
    await run(copyImage(source, image("to.example.com/new/app:v1"), told));
    await run(copyImage(source, image("to.example.com/mirror/app:v1"), { ...told, deep: true }));
    await run(copyImage(source, image("to.example.com/third/app:v1"), told));
    await expect(run(copyImage(image("from.example.com/acme/no:v1"), source, told))).rejects
      .toThrow();
    const plan = {
      rules: [
        { from: "from.example.com/acme/app", to: "to.example.com/mirror/app", delete: true },
        { from: "from.example.com/acme/no", to: "to.example.com/mirror/no" },
      ],
    };
    await run(syncImages(plan, registryPlaces(client), { clock, onEvent: told.onEvent }));
    for (const event of world.events) {
      expect([event, violations(SCHEMA, event)]).toEqual([event, []]);
    }
    const seen = new Set<CopyEvent["type"]>(world.events.map(({ type }) => type));
    const all = SCHEMA.oneOf?.map(({ properties }) => properties?.["type"]?.const);
    // resumed, healing and waiting have tests of their own
    const others = ["blob.resumed", "copy.healing", "sync.waiting"];
    expect([...seen, ...others].sort()).toEqual([...all ?? []].sort());
  });
});
