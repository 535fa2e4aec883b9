import { describe, expect, it } from "vitest";
import { buildImage, createSimulation, digestOf, seedDemo } from "../../src/simulation/mod.ts";

const HELLO = "https://registry.test/v2/library/hello";

describe("simulation", () => {
  it("a seeded registry answers a tag with the exact manifest", async () => {
    const simulation = createSimulation();
    const demo = await seedDemo(simulation.registry("registry.test"));
    const response = await simulation.fetch(new Request(`${HELLO}/manifests/latest`));
    expect(response.status).toBe(200);
    expect(response.url).toBe(`${HELLO}/manifests/latest`);
    expect(response.headers.get("docker-content-digest")).toBe(demo.hello.digest);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(await digestOf(bytes)).toBe(demo.hello.digest);
  });

  it("every layer is a gzip that unpacks to its diff id", async () => {
    const image = await buildImage({ layers: [{}, 5000, 1024 * 1024 + 17] });
    for (const { content, diffId, digest } of image.layers) {
      const blob = new Blob([content.read(0, content.size)]);
      const tar = blob.stream().pipeThrough(new DecompressionStream("gzip"));
      expect(await digestOf(new Uint8Array(await new Response(tar).arrayBuffer()))).toBe(diffId);
      expect(await digestOf(content.read(0, content.size))).toBe(digest);
    }
    expect(image.layers.map(({ content }) => content.size).slice(1)).toEqual([5000, 1048593]);
  });

  it("a blob streams whole, and a range of it is exact", async () => {
    const simulation = createSimulation();
    const image = await buildImage({ layers: [300_000] });
    simulation.registry("registry.test").add("a/b", { image });
    const [layer] = image.layers;
    const url = `https://registry.test/v2/a/b/blobs/${layer?.digest}`;
    const whole = await simulation.fetch(new Request(url));
    expect(await digestOf(new Uint8Array(await whole.arrayBuffer()))).toBe(layer?.digest);
    const headers = { range: "bytes=1000-1999" };
    const part = await simulation.fetch(new Request(url, { headers }));
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 1000-1999/300000");
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(layer?.content.read(1000, 2000));
  });

  it("an unknown host fails as a broken name does", async () => {
    const { fetch } = createSimulation();
    await expect(fetch(new Request("https://nowhere.test/v2/"))).rejects.toThrow(TypeError);
  });
});
