import { describe, expect, it } from "vitest";
import { createRegistryClient } from "../../src/client/mod.ts";
import type { TidegateError } from "../../src/core/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage, buildIndex, createSimulation, digestOf } from "../../src/simulation/mod.ts";

const REF = parseReference("registry.example.com/acme/app:v1");
const IMAGE = await buildImage({ layers: [300_000, 1024 * 1024 + 17, 10] });
const [LAYER] = IMAGE.layers;

/** A registry behind `fetch`, and a client before it. */
function setup(): {
  simulation: ReturnType<typeof createSimulation>;
  client: ReturnType<typeof createRegistryClient>;
} {
  const simulation = createSimulation();
  const registry = simulation.registry(REF.registry);
  const store = simulation.blobHost("blobs.example.net");
  const tokens = simulation.tokenService("tokens.example.org");
  registry.configure({ redirect: { to: store }, auth: { mode: "bearer", tokens } });
  registry.add("acme/app", { image: IMAGE, tags: ["v1"] });
  // what is public here needs a token all the same
  const allow = { allow: () => true };
  tokens.configure(allow);
  return { simulation, client: createRegistryClient({ fetch: simulation.fetch }) };
}

describe("registry client", () => {
  it("pulls an image with token and redirect, every byte verified", async () => {
    const { client, simulation } = setup();
    const { manifest, digest } = await client.manifests.get(REF);
    expect(digest).toBe(IMAGE.digest);
    expect(manifest.kind).toBe("image");
    for (const { digest, content } of IMAGE.layers) {
      const blob = await client.blobs.get(REF, digest);
      expect(blob.size).toBe(content.size);
      const bytes = new Uint8Array(await new Response(blob.stream).arrayBuffer());
      expect(await digestOf(bytes)).toBe(digest);
      await blob.verified;
    }
    const stored = simulation.log.filter(({ kind }) => kind === "blobs");
    expect(stored).toHaveLength(3);
    for (const { headers } of stored) expect(headers["authorization"]).toBeUndefined();
  });

  it("continues a blob whose connection breaks", async () => {
    const { client, simulation } = setup();
    simulation.faults.add({
      hostKind: "blobs",
      first: 2,
      action: { kind: "cut", by: "reset", at: 70_000 },
    });
    const blob = await client.blobs.get(REF, LAYER?.digest as string);
    expect(await digestOf(await blob.bytes())).toBe(LAYER?.digest);
  });

  it("errors instead of ending when a bit is wrong", async () => {
    const { client, simulation } = setup();
    simulation.faults.add({ hostKind: "blobs", action: { kind: "flip", at: 150_000 } });
    const blob = await client.blobs.get(REF, LAYER?.digest as string);
    const error = await new Response(blob.stream).arrayBuffer()
      .then(() => undefined, (e: TidegateError) => e);
    expect(error).toBeInstanceOf(Error);
    await expect(blob.verified).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("picks a platform, lists tags and types what is missing", async () => {
    const { client, simulation } = setup();
    const arm = await buildImage({ platform: { os: "linux", architecture: "arm64" }, seed: 2 });
    const index = await buildIndex({ manifests: [IMAGE, arm] });
    simulation.registry(REF.registry).add("acme/app", { image: index, tags: ["multi"] });
    const picked = await client.manifests.get({ ...REF, tag: "multi" }, { platform: "arm64" });
    expect(picked.digest).toBe(arm.digest);
    const tags: string[] = [];
    for await (const tag of client.tags.list(REF)) tags.push(tag);
    expect(tags).toEqual(["multi", "v1"]);
    await expect(client.manifests.get({ ...REF, tag: "none" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("pulls a whole image into a sink and stops when told to", async () => {
    const { client } = setup();
    const done: string[] = [];
    const sink = {
      openBlob: ({ digest }: { digest: string }) => ({
        write: () => Promise.resolve(),
        close: () => Promise.resolve(void done.push(digest)),
        abort: () => Promise.resolve(),
      }),
      putManifest: () => {},
    };
    expect((await client.pullImage(REF, sink)).pulled).toBe(4);
    expect(done).toHaveLength(4);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(client.pullImage(REF, sink, { signal })).rejects.toThrow("enough");
  });
});
