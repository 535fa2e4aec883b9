import { describe, expect, it } from "vitest";
import { createSimulation, digestOf, generatedContent } from "../../src/simulation/mod.ts";
import type { Simulation } from "../../src/simulation/mod.ts";

const BYTES = generatedContent(1, 300_000).read(0, 300_000);

async function setUp(): Promise<{ simulation: Simulation; location: string }> {
  const simulation = createSimulation();
  simulation.registry("registry.test", { push: {} });
  const url = "https://registry.test/v2/a/blobs/uploads/";
  const { headers } = await simulation.fetch(new Request(url, { method: "POST" }));
  return { simulation, location: headers.get("location") ?? "" };
}

function patch(location: string, start: number): Request {
  const body = BYTES.slice(start);
  const headers = { "content-range": `${start}-${BYTES.length - 1}` };
  return new Request(location, { method: "PATCH", body, headers });
}

describe("simulation pushes", () => {
  it("a blob in one chunk is the same afterwards", async () => {
    const { simulation, location } = await setUp();
    expect((await simulation.fetch(patch(location, 0))).headers.get("range")).toBe("0-299999");
    const digest = await digestOf(BYTES);
    const close = new Request(`${location}?digest=${digest}`, { method: "PUT" });
    const stored = await simulation.fetch(close);
    expect(stored.status).toBe(201);
    const blob = await simulation.fetch(new Request(stored.headers.get("location") ?? ""));
    expect(await digestOf(new Uint8Array(await blob.arrayBuffer()))).toBe(digest);
  });

  it.each([1, 65_536, 299_999])("a request cut at %i goes on from there", async (at) => {
    const { simulation, location } = await setUp();
    const action = { kind: "cut-request", at, by: "reset" } as const;
    simulation.faults.add({ method: "PATCH", first: 1, action });
    await expect(simulation.fetch(patch(location, 0))).rejects.toThrow(TypeError);
    expect(simulation.log.at(-1)).toMatchObject({ bodyBytes: at, outcome: "reset" });
    const { status, headers } = await simulation.fetch(new Request(location));
    expect([status, headers.get("range")]).toEqual([204, `0-${at - 1}`]);
    expect((await simulation.fetch(patch(location, at))).status).toBe(202);
  });

  it("a lost acknowledgement: the chunk is there", async () => {
    const { simulation, location } = await setUp();
    simulation.faults.add({ method: "PATCH", action: { kind: "drop", by: "close" } });
    await expect(simulation.fetch(patch(location, 0))).rejects.toThrow(TypeError);
    const { headers } = await simulation.fetch(new Request(location));
    expect(headers.get("range")).toBe("0-299999");
  });
});
