import { describe, expect, it } from "vitest";
import type { ImageSink, PullImageOptions, PullProgress } from "../../src/client/mod.ts";
import { buildImage, buildIndex, type BuiltImage, digestOf } from "../../src/simulation/mod.ts";
import { concatBytes } from "../../src/core/mod.ts";
import {
  APP,
  CANARY,
  canaryCredentials,
  createScenario,
  type Scenario,
} from "../support/client_scenario.ts";

/** Keeps an image in memory, and what was done to it. */
function memorySink(has: readonly string[] = []): ImageSink & {
  blobs: Map<string, Uint8Array>;
  manifests: string[];
  aborted: string[];
  open: number;
  mostOpen: number;
} {
  const sink = {
    blobs: new Map<string, Uint8Array>(),
    manifests: [] as string[],
    aborted: [] as string[],
    open: 0,
    mostOpen: 0,
    hasBlob: ({ digest }: { digest: string }): boolean => has.includes(digest),
    openBlob({ digest }: { digest: string }): ReturnType<ImageSink["openBlob"]> {
      const parts: Uint8Array[] = [];
      sink.mostOpen = Math.max(sink.mostOpen, ++sink.open);
      return {
        write: (chunk) => Promise.resolve(void parts.push(chunk.slice())),
        close(): Promise<void> {
          sink.open--;
          sink.blobs.set(digest, concatBytes(parts));
          return Promise.resolve();
        },
        abort(): Promise<void> {
          sink.open--;
          sink.aborted.push(digest);
          return Promise.resolve();
        },
      };
    },
    putManifest({ digest }: { digest: string }, isRoot: boolean): void {
      sink.manifests.push(isRoot ? `root ${digest}` : digest);
    },
  };
  return sink;
}

const FORTY = await buildImage({ layers: Array.from({ length: 40 }, (_, i) => 3000 + i) });
const CHILDREN = await Promise.all(
  ["amd64", "arm64"].map((architecture, seed) =>
    buildImage({ platform: { os: "linux", architecture }, seed: seed + 5, layers: 2 })
  ),
);
const INDEX = await buildIndex({ manifests: CHILDREN });
const FOREIGN_TYPE = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

function scenarioWith(image: BuiltImage, options = {}): ReturnType<typeof createScenario> {
  const scenario = createScenario(options);
  scenario.registry.add(APP.repository, { image, tags: ["v1"] });
  return scenario;
}

describe("pullImage()", () => {
  it("pulls 40 layers, ten at a time, every one verified, the manifest last", async () => {
    const { client, run } = scenarioWith(FORTY);
    const sink = memorySink();
    const pulled = await run(client.pullImage(APP, sink));
    expect(pulled).toMatchObject({ pulled: 41, skipped: 0 });
    expect(sink.manifests).toEqual([`root ${FORTY.digest}`]);
    expect(sink.mostOpen).toBe(10);
    for (const [digest, bytes] of sink.blobs) {
      expect(await digestOf(Uint8Array.from(bytes))).toBe(digest);
    }
  });

  it("takes the client's platform, another one, or the whole index", async () => {
    const cases: [PullImageOptions, string[]][] = [
      [{}, [`root ${CHILDREN[0]?.digest}`]],
      [{ platform: "linux/arm64" }, [`root ${CHILDREN[1]?.digest}`]],
      [{ platform: "all" }, [...CHILDREN.map(({ digest }) => digest), `root ${INDEX.digest}`]],
    ];
    for (const [options, expected] of cases) {
      const { client, run } = scenarioWith(INDEX);
      const sink = memorySink();
      await run(client.pullImage(APP, sink, options));
      expect(sink.manifests).toEqual(expected);
    }
  });

  it("skips what the sink has, and tells every step", async () => {
    const { client, run } = scenarioWith(FORTY);
    const has = FORTY.layers.slice(0, 5).map(({ digest }) => digest);
    const steps: PullProgress[] = [];
    const onProgress = (progress: PullProgress): void => void steps.push(progress);
    const pulled = await run(client.pullImage(APP, memorySink(has), { onProgress }));
    expect(pulled).toMatchObject({ pulled: 36, skipped: 5 });
    const last = FORTY.layers.at(-1);
    expect(steps.filter(({ descriptor }) => descriptor.digest === last?.digest).map((s) => s.state))
      .toEqual(["started", "transferring", "done"]);
    for (const { state, descriptor, transferredBytes, count } of steps) {
      if (state === "done") expect(transferredBytes).toBe(descriptor.size);
      expect(count).toBe(41);
    }
  });

  it("aborts everything when one layer is wrong, and leaves nothing running", async () => {
    const { client, clock, run, simulation } = scenarioWith(FORTY);
    const bad = FORTY.layers[17]?.digest as string;
    simulation.faults.add({ path: `*${bad}`, action: { kind: "flip", at: 5 } });
    const sink = memorySink();
    await expect(run(client.pullImage(APP, sink))).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
    });
    expect(sink.manifests).toEqual([]);
    expect(sink.blobs.has(bad)).toBe(false);
    expect(sink.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("ends with the signal's reason, everything aborted", async () => {
    const { client, clock, run, simulation } = scenarioWith(FORTY);
    simulation.faults.add({ path: "*/blobs/*", action: { kind: "stall", at: 100 } });
    const controller = new AbortController();
    clock.after(100, () => controller.abort(new Error("enough")));
    const sink = memorySink();
    const pulling = client.pullImage(APP, sink, { signal: controller.signal });
    await expect(run(pulling)).rejects.toThrow("enough");
    expect(sink.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("passes the sink's own failure on", async () => {
    const { client, run } = scenarioWith(FORTY);
    const sink = {
      ...memorySink(),
      openBlob: (): never => {
        throw new Error("disk full");
      },
    };
    await expect(run(client.pullImage(APP, sink))).rejects.toThrow("disk full");
  });

  it("continues layers whose connections break", async () => {
    const { client, run, simulation } = scenarioWith(FORTY);
    simulation.faults.add({
      path: "*/blobs/*",
      ranged: false,
      action: { kind: "cut", by: "reset", at: 1000 },
    });
    const sink = memorySink();
    expect(await run(client.pullImage(APP, sink))).toMatchObject({ pulled: 41 });
  });

  it("refuses a chain of indexes that never comes to an image", async () => {
    let image = INDEX;
    for (let depth = 2; depth <= 5; depth++) image = await buildIndex({ manifests: [image] });
    for (const platform of ["all", "linux/amd64"]) {
      const { client, run, simulation } = scenarioWith(image);
      await expect(run(client.pullImage(APP, memorySink(), { platform }))).rejects.toMatchObject({
        code: "LIMIT_EXCEEDED",
        details: { limit: "index depth", maximum: 4 },
      });
      expect(simulation.log.length).toBeLessThanOrEqual(5);
    }
  });

  it("refuses an index whose manifests together would fill the memory", async () => {
    const annotations = { padding: "x".repeat(4_000_000) };
    const manifests = await Promise.all(
      Array.from({ length: 17 }, (_, seed) => buildImage({ annotations, seed, layers: 1 })),
    );
    const { client, run } = scenarioWith(await buildIndex({ manifests }));
    const pulling = client.pullImage(APP, memorySink(), { platform: "all" });
    await expect(run(pulling)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("refuses a document that is of another kind than its index says", async () => {
    const [child] = CHILDREN as [BuiltImage];
    const asIndex = { ...child.descriptor, mediaType: INDEX.descriptor.mediaType };
    const extra = { manifests: [asIndex] };
    const { client, run } = scenarioWith(await buildIndex({ manifests: [child], extra }));
    await expect(run(client.pullImage(APP, memorySink()))).rejects.toMatchObject({
      code: "AMBIGUOUS_MANIFEST",
    });
  });

  it("refuses an image that gives one blob two sizes", async () => {
    const plain = await buildImage({ layers: 1 });
    const [layer] = JSON.parse(new TextDecoder().decode(plain.bytes)).layers;
    const layers = [{ ...layer, size: layer.size + 1 }, layer];
    const { client, run } = scenarioWith(await buildImage({ layers: 1, extra: { layers } }));
    const sink = memorySink();
    await expect(run(client.pullImage(APP, sink))).rejects.toMatchObject({
      code: "AMBIGUOUS_MANIFEST",
    });
    expect(sink.blobs.size).toBe(0);
  });

  it("refuses a concurrency of none", async () => {
    const { client } = scenarioWith(FORTY);
    await expect(client.pullImage(APP, memorySink(), { concurrency: 0 })).rejects.toThrow(
      TypeError,
    );
  });

  describe("with a foreign layer", () => {
    async function foreign(
      urls: string[],
    ): Promise<Scenario & { layer: BuiltImage["layers"][0] | undefined }> {
      const plain = await buildImage({ layers: 1 });
      const [layer] = plain.layers;
      const manifest = JSON.parse(new TextDecoder().decode(plain.bytes));
      const layers = [{ ...manifest.layers[0], mediaType: FOREIGN_TYPE, urls }];
      const image = await buildImage({ layers: 1, extra: { layers } });
      const scenario = scenarioWith(image, { credentials: canaryCredentials() });
      scenario.registry.configure({ auth: { mode: "basic", users: { user: CANARY } } });
      scenario.registry.repository(APP.repository).blobs.delete(layer?.digest as string);
      return { ...scenario, layer };
    }

    it("refuses it by default, before any blob is asked for", async () => {
      const { client, run, simulation } = await foreign(["https://layers.example.net/x"]);
      const trap = simulation.trap("layers.example.net");
      await expect(run(client.pullImage(APP, memorySink()))).rejects.toMatchObject({
        code: "FOREIGN_LAYER",
      });
      expect(
        simulation.log.some(({ target, host }) =>
          target.includes("/blobs/") || host === trap.origin
        ),
      )
        .toBe(false);
    });

    it("leaves it out when told to", async () => {
      const { client, run } = await foreign(["https://layers.example.net/x"]);
      const pulled = await run(client.pullImage(APP, memorySink(), { foreignLayers: "skip" }));
      expect(pulled).toMatchObject({ pulled: 1, skipped: 1 });
    });

    it("fetches it when told to, without credentials, whatever the host asks for", async () => {
      for (
        const challenge of ["Basic realm=x", 'Bearer realm="https://layers.example.net/token"']
      ) {
        const scenario = await foreign(["https://layers.example.net/x"]);
        const { client, run, simulation } = scenario;
        simulation.trap("layers.example.net", {
          status: 401,
          headers: { "www-authenticate": challenge },
        });
        const pulling = client.pullImage(APP, memorySink(), { foreignLayers: "fetch" });
        await expect(run(pulling)).rejects.toMatchObject({ code: "FOREIGN_LAYER" });
        const seen = simulation.log.filter(({ kind }) => kind === "trap");
        expect(seen.length).toBeGreaterThan(0);
        expect(JSON.stringify(seen)).not.toContain(CANARY);
        expect(JSON.stringify(seen)).not.toContain(btoa(`user:${CANARY}`));
      }
    });

    it("verifies what its host sends, and tells of a host that is not asked", async () => {
      const { client, events, run, simulation } = await foreign([
        "http://127.0.0.1/x",
        "https://layers.example.net/x",
      ]);
      const inside = simulation.trap("http://127.0.0.1");
      simulation.trap("layers.example.net", { status: 200, body: "not the layer" });
      const pulling = client.pullImage(APP, memorySink(), { foreignLayers: "fetch" });
      await expect(run(pulling)).rejects.toMatchObject({ name: "TidegateError" });
      expect(simulation.log.some(({ host }) => host === inside.origin)).toBe(false);
      const refused = { type: "origin.refused", use: "foreign-layer", target: inside.origin };
      expect(events).toContainEqual(expect.objectContaining(refused));
    });
  });
});
