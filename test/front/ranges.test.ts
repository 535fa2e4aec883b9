import { describe, expect, it } from "vitest";
import { contentBytes } from "../../src/simulation/mod.ts";
import { LAYER_SIZES, openTestDoor, readBody, type TestDoor } from "../support/front_door.ts";

async function layerBytes({ image }: TestDoor, layer: number): Promise<Uint8Array> {
  const built = image.layers[layer];
  if (built === undefined) throw new Error("no such layer");
  return await contentBytes(built.content);
}

/** Range, first and last byte of the answer for a blob of `size` bytes; undefined for 416. */
function cases(
  size: number,
): readonly (readonly [string, readonly [number, number] | undefined])[] {
  return [
    ["bytes=0-0", [0, 0]],
    ["bytes=0-", [0, size - 1]],
    ["bytes=5-99", [5, 99]],
    [`bytes=${size - 1}-`, [size - 1, size - 1]],
    [`bytes=${size - 10}-${size + 10}`, [size - 10, size - 1]],
    ["bytes=-1", [size - 1, size - 1]],
    ["bytes=-600", [size - 600, size - 1]],
    [`bytes=-${10 * size}`, [0, size - 1]],
    [`bytes=${size}-`, undefined],
    [`bytes=${size + 5}-${size + 9}`, undefined],
    ["bytes=-0", undefined],
  ];
}

describe.each(["verified", "pass"])("ranges: %s", (ranges) => {
  it.each([0, 1, 2])("gives exactly the bytes asked for of layer %i", async (layer) => {
    const door = await openTestDoor({ config: { ranges } });
    const whole = await layerBytes(door, layer);
    const size = whole.length;
    for (const [range, expected] of cases(size)) {
      const answer = await door.send(door.blobPath(layer), { headers: { range } });
      const { bytes, complete } = await readBody(answer);
      if (expected === undefined) {
        expect([range, answer.status]).toEqual([range, 416]);
        expect(answer.headers.get("content-range")).toBe(`bytes */${size}`);
        continue;
      }
      const [start, end] = expected;
      expect([range, answer.status, complete]).toEqual([range, 206, true]);
      expect(answer.headers.get("content-range")).toBe(`bytes ${start}-${end}/${size}`);
      expect(bytes).toEqual(whole.slice(start, end + 1));
      const isPassed = ranges === "pass" && bytes.length < size;
      expect(answer.headers.get("tidegate-verification")).toBe(isPassed ? "none" : null);
    }
  });

  it.each([
    "bytes=1-0x",
    "bytes=0-1,5-6",
    "items=0-1",
    "bytes=",
    "0-5",
  ])("answers the malformed or multiple range %s with the whole blob", async (range) => {
    const { send, blobPath } = await openTestDoor({ config: { ranges } });
    const answer = await send(blobPath(0), { headers: { range } });
    expect([answer.status, (await readBody(answer)).complete]).toEqual([200, true]);
  });

  it("gives the whole blob where If-Range names another one", async () => {
    const { send, blobPath, image } = await openTestDoor({ config: { ranges } });
    const ask = (condition: string): Promise<Response> =>
      send(blobPath(0), { headers: { "range": "bytes=1-2", "if-range": condition } });
    expect((await ask(`"${image.layers[0]?.digest}"`)).status).toBe(206);
    expect((await ask('"other"')).status).toBe(200);
    expect((await ask("Sat, 21 Nov 2026 00:00:00 GMT")).status).toBe(200);
  });

  it("never completes a range when the upstream sends other bytes or too few", async () => {
    const door = await openTestDoor({ config: { ranges } });
    const whole = await layerBytes(door, 2);
    door.simulation.faults.add({ path: "*/blobs/*", action: { kind: "truncate", at: 1000 } });
    const answer = await door.send(door.blobPath(2), { headers: { range: "bytes=500-200000" } });
    const { bytes, complete } = await readBody(answer);
    expect(answer.status === 206 && complete).toBe(false);
    if (answer.status === 206) expect(whole.slice(500, 500 + bytes.length)).toEqual(bytes);
  });
});

describe("ranges: verified", () => {
  it("reads and hashes the whole blob for any part of it", async () => {
    const { send, blobPath, simulation, image } = await openTestDoor();
    await readBody(await send(blobPath(2), { headers: { range: "bytes=10-19" } }));
    expect(simulation.log.map(({ headers }) => headers["range"])).toEqual([undefined]);
    expect(simulation.log[0]?.sentBytes).toBe(image.layers[2]?.content.size);
  });
});

describe("ranges: pass", () => {
  it("asks the upstream for the part alone", async () => {
    const { send, blobPath, simulation } = await openTestDoor({ config: { ranges: "pass" } });
    await readBody(await send(blobPath(2), { headers: { range: "bytes=10-19" } }));
    expect(simulation.log.map(({ method, headers }) => [method, headers["range"]]))
      .toEqual([["HEAD", undefined], ["GET", "bytes=10-19"]]);
  });
});

describe("ranges: pass, of the whole blob", () => {
  it.each([0, 1, 2])("never completes other bytes of layer %i", async (layer) => {
    const { send, blobPath, simulation } = await openTestDoor({ config: { ranges: "pass" } });
    simulation.faults.add({ path: "*/blobs/*", method: "GET", action: { kind: "flip", at: 9 } });
    const answer = await send(blobPath(layer), { headers: { range: "bytes=0-" } });
    const { complete } = await readBody(answer);
    expect(answer.ok && complete).toBe(false);
  });
});

describe("ranges: off", () => {
  it("ignores Range and says so", async () => {
    const door = await openTestDoor({ config: { ranges: "off" } });
    for (const layer of LAYER_SIZES.keys()) {
      const answer = await door.send(door.blobPath(layer), { headers: { range: "bytes=1-2" } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("accept-ranges")).toBe("none");
      expect((await readBody(answer)).bytes).toEqual(await layerBytes(door, layer));
    }
  });
});
