import { describe, expect, it } from "vitest";
import { createRegistryClient, type RegistryClient } from "../../src/client/mod.ts";
import { parseDigest, type Reference } from "../../src/reference/mod.ts";
import { buildImage, type BuiltImage, digestOf } from "../../src/simulation/mod.ts";
import { openPushDoor } from "../support/door_uploads.ts";
import type { TestDoor } from "../support/front_door.ts";
import { sourceOf } from "../support/image_sources.ts";

const CLIENTS = 32;
const STORM: Reference = { registry: "door.test", repository: "acme/storm", tag: "v1" };
const SAME = await buildImage({ layers: Array.from({ length: 20 }, (_, i) => 2000 + i) });

/** A client of the library on the other side of the door, with nothing shared. */
function clientOf({ send }: TestDoor): RegistryClient {
  return createRegistryClient({
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers, body, signal } = request;
      const duplex = body === null ? {} : { duplex: "half" };
      return send(pathname + search, { method, headers, body, signal, ...duplex });
    },
  });
}

/** Pull all of an image, through the door and straight from the registry. */
async function expectWhole(door: TestDoor, image: BuiltImage): Promise<void> {
  const { blobs, bytes } = image;
  const digest = parseDigest(image.digest);
  const straight = createRegistryClient({ fetch: door.simulation.fetch });
  const sides = [
    { client: clientOf(door), ref: STORM },
    { client: straight, ref: { ...STORM, registry: "registry.test" } },
  ];
  for (const { client, ref } of sides) {
    expect((await client.manifests.get({ ...ref, digest })).bytes).toEqual(bytes);
    for (const { digest } of blobs) {
      const blob = await client.blobs.get(ref, digest);
      expect(await digestOf(await blob.bytes())).toBe(digest);
    }
  }
}

/** What all pushes, begun at once, were told; commits come late and out of order. */
async function pushAll(door: TestDoor, images: readonly BuiltImage[]): Promise<string[]> {
  door.simulation.faults.add({ every: 3, action: { kind: "delay", ms: 20, before: "commit" } });
  const pushed = await Promise.all(
    images.map((image) => clientOf(door).pushImage(STORM, sourceOf(image))),
  );
  door.simulation.faults.clear();
  await door.settled();
  return pushed.map(({ root }) => root.digest);
}

describe(`${CLIENTS} clients at once, through the door`, { timeout: 120_000 }, () => {
  it("push the same 20 layers and one tag, and every one is told so", async () => {
    const door = await openPushDoor();
    const told = await pushAll(door, Array.from({ length: CLIENTS }, () => SAME));
    expect(told).toEqual(Array(CLIENTS).fill(SAME.digest));
    const { tags } = door.registry.repository(STORM.repository);
    expect([...tags]).toEqual([[STORM.tag, SAME.digest]]);
    await expectWhole(door, SAME);
  });

  it("push different manifests to one tag, which ends at one of them", async () => {
    const door = await openPushDoor();
    const images = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => buildImage({ seed: 100 + i, layers: [500, 600] })),
    );
    const told = await pushAll(door, images);
    expect(told).toEqual(images.map(({ digest }) => digest));
    expect(told).toContain(door.registry.repository(STORM.repository).tags.get("v1"));
    expect(told).toContain((await clientOf(door).manifests.get(STORM)).digest);
    for (const image of images) await expectWhole(door, image);
  });
});
