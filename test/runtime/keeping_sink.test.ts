import { describe, expect, it } from "vitest";
import { type ByteSink, createRegistryClient, parseReference } from "../../mod.ts";
import { concatBytes } from "../../src/core/mod.ts";
import { buildImage, createSimulation } from "../../src/simulation/mod.ts";

const REF = parseReference("registry.test/acme/app:v1");
const image = await buildImage({ layers: [3 * 1024 * 1024 + 17] });
const [layer] = image.layers as [(typeof image.layers)[0]];

function clientBefore(): ReturnType<typeof createRegistryClient> {
  const simulation = createSimulation();
  simulation.registry(REF.registry).add(REF.repository, { image, tags: ["v1"] });
  return createRegistryClient({ fetch: simulation.fetch });
}

/** Keeps the very chunks that it was given, as a queue would. */
function keepingSink(): ByteSink & { readonly parts: Uint8Array[] } {
  const parts: Uint8Array[] = [];
  return {
    parts,
    write: (chunk) => Promise.resolve(void parts.push(chunk)),
    close: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

describe("a sink that keeps its chunks", () => {
  it("has the blob's bytes after pipeTo()", async () => {
    const client = clientBefore();
    const whole = await (await client.blobs.get(REF, layer.digest)).bytes();
    const options = [{}, { range: { start: 5 } }, { range: { start: 5 }, unverified: true }];
    for (const option of options) {
      const sink = keepingSink();
      await (await client.blobs.get(REF, layer.digest, option)).pipeTo(sink);
      const expected = whole.subarray("range" in option ? 5 : 0);
      expect(concatBytes(sink.parts).every((byte, i) => byte === expected[i])).toBe(true);
      expect(sink.parts.reduce((sum, { length }) => sum + length, 0)).toBe(expected.length);
    }
  });

  it("has every blob's bytes after pullImage()", async () => {
    const client = clientBefore();
    const sinks = new Map<string, ReturnType<typeof keepingSink>>();
    await client.pullImage(REF, {
      openBlob({ digest }): ByteSink {
        const sink = keepingSink();
        sinks.set(digest, sink);
        return sink;
      },
      putManifest: () => {},
    });
    const whole = await (await client.blobs.get(REF, layer.digest)).bytes();
    const kept = concatBytes(sinks.get(layer.digest)?.parts ?? []);
    expect(kept.length === whole.length && kept.every((byte, i) => byte === whole[i])).toBe(true);
  });
});
