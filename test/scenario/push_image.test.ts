import { describe, expect, it } from "vitest";
import type { ImageSource, PushProgress } from "../../src/client/mod.ts";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  contentBytes,
  digestOf,
} from "../../src/simulation/mod.ts";
import { APP } from "../support/client_scenario.ts";
import { blobsOf, sourceOf } from "../support/image_sources.ts";
import {
  byDigest,
  collect,
  createPushScenario,
  json,
  manyClients,
  writes,
} from "../support/manifest_pushes.ts";

const TWENTY = await buildImage({ layers: Array.from({ length: 20 }, (_, i) => 2000 + i) });
const CHILDREN = await Promise.all(
  ["amd64", "arm64"].map((architecture, i) =>
    buildImage({ platform: { os: "linux", architecture }, seed: i + 3, layers: [900, 800] })
  ),
);
const ARTIFACT = await buildArtifact({
  artifactType: "a/b",
  content: "x",
  subject: CHILDREN[0]?.descriptor as NonNullable<typeof CHILDREN[0]>["descriptor"],
});
const NESTED = await buildIndex({
  manifests: [await buildIndex({ manifests: CHILDREN }), ...CHILDREN, ARTIFACT],
});

describe("pushImage()", () => {
  it("pushes blobs, then manifests, each once, each after what it lists", async () => {
    const scenario = createPushScenario();
    const { client, registry, run } = scenario;
    const source = sourceOf(NESTED);
    const pushed = await run(client.pushImage(APP, source, { tags: ["latest"] }));
    const blobs = [...new Set(blobsOf(NESTED).map(({ digest }) => digest))];
    expect(pushed).toMatchObject({
      root: { digest: NESTED.digest, tags: ["v1", "latest"] },
      uploaded: blobs.length,
      mounted: 0,
      skipped: 0,
    });
    expect(source.opened.toSorted()).toEqual(blobs.toSorted());
    const repository = registry.repository(APP.repository);
    for (const { digest, content } of blobsOf(NESTED)) {
      const stored = repository.blobs.get(digest);
      expect(stored && await contentBytes(stored)).toEqual(await contentBytes(content));
    }
    expect(repository.manifests.get(NESTED.digest)?.bytes).toEqual(NESTED.bytes);
    const puts = writes(scenario).filter((line) => line.startsWith("PUT manifests/"));
    expect(puts.map((line) => line.slice("PUT manifests/".length))).toEqual([
      ...CHILDREN.map(({ digest }) => digest),
      NESTED.children[0]?.digest,
      ARTIFACT.digest,
      `${NESTED.digest}?tag=v1&tag=latest`,
    ]);
    const lastBlob = writes(scenario).findLastIndex((line) => line.includes("blobs/uploads"));
    expect(lastBlob).toBeLessThan(writes(scenario).indexOf(puts[0] ?? ""));
  });

  it("opens nothing that the registry has or can mount", async () => {
    const { client, registry, run } = createPushScenario();
    const layers = TWENTY.layers.map(({ digest }) => digest);
    for (const { digest, content } of TWENTY.blobs) {
      const name = digest === layers[0] ? APP.repository : "acme/base";
      if (digest !== layers[1]) registry.repository(name).blobs.set(digest, content);
    }
    const source = sourceOf(TWENTY, { mountFrom: () => ["acme/other", "acme/base"] });
    const pushed = await run(client.pushImage(APP, source));
    expect(pushed).toMatchObject({ uploaded: 1, mounted: 19, skipped: 1 });
    expect(source.opened).toEqual([layers[1]]);
    const again = sourceOf(TWENTY);
    expect(await run(client.pushImage(APP, again))).toMatchObject({ uploaded: 0, skipped: 21 });
    expect(again.opened).toEqual([]);
  });

  it("tells every step, in bytes that have arrived", async () => {
    const { client, run } = createPushScenario();
    const steps: PushProgress[] = [];
    const onProgress = (step: PushProgress): void => void steps.push(step);
    await run(client.pushImage(APP, sourceOf(TWENTY), { onProgress }));
    for (const { descriptor, index, state, transferredBytes, count } of steps) {
      expect(count).toBe(21);
      expect(index).toBeLessThan(21);
      if (state === "done") expect(transferredBytes).toBe(descriptor.size);
    }
    expect(steps.filter(({ state }) => state === "done")).toHaveLength(21);
    const later: PushProgress[] = [];
    await run(client.pushImage(APP, sourceOf(TWENTY), { onProgress: (step) => later.push(step) }));
    expect(new Set(later.map(({ state }) => state))).toEqual(new Set(["started", "skipped"]));
  });

  it("leaves foreign layers where they are", async () => {
    const { client, registry, run } = createPushScenario();
    const [config, layer] = CHILDREN[0]?.blobs ?? [];
    const foreign = {
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      digest: layer?.digest,
      size: layer?.content.size,
      urls: ["https://cdn.example/layer"],
    };
    const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
    const bytes = json({
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        digest: config?.digest,
        size: config?.content.size,
      },
      layers: [foreign],
    });
    const image = CHILDREN[0] ?? TWENTY;
    const source = sourceOf(image, { manifest: () => ({ bytes }) });
    const pushed = await run(client.pushImage(APP, source));
    expect(pushed).toMatchObject({ uploaded: 1, skipped: 1, root: { mediaType } });
    expect(registry.repository(APP.repository).blobs.has(layer?.digest ?? "")).toBe(false);
  });

  it("refuses manifests that are not what they are listed as, before any request", async () => {
    const { client, run, simulation } = createPushScenario();
    const lying = (manifest: ImageSource["manifest"]): ImageSource =>
      sourceOf(NESTED, { manifest });
    const other = CHILDREN[1]?.bytes ?? new Uint8Array();
    const source = lying((digest) => ({ bytes: digest === undefined ? NESTED.bytes : other }));
    await expect(run(client.pushImage(APP, source)))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    await expect(run(client.pushImage(byDigest(TWENTY), sourceOf(NESTED))))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    const digest = byDigest(TWENTY).digest;
    await expect(run(client.pushImage(APP, lying(() => ({ bytes: NESTED.bytes, ...{ digest } })))))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    await expect(run(client.pushImage(APP, sourceOf(TWENTY), { concurrency: 0 })))
      .rejects.toThrow(TypeError);
    expect(simulation.log).toEqual([]);
  });

  it("refuses an index that lists itself deep, and blobs with two sizes", async () => {
    const { client, run, simulation } = createPushScenario();
    let deep = await buildIndex({ manifests: [] });
    for (let i = 0; i < 6; i++) deep = await buildIndex({ manifests: [deep] });
    await expect(run(client.pushImage(APP, sourceOf(deep))))
      .rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const { digest } = TWENTY.blobs[0] ?? { digest: "" };
    const entry = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 1 };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const config = { ...entry, size: 2 };
    const bytes = json({ schemaVersion: 2, mediaType, config, layers: [entry] });
    await expect(run(client.pushImage(APP, sourceOf(TWENTY, { manifest: () => ({ bytes }) }))))
      .rejects.toMatchObject({ code: "AMBIGUOUS_MANIFEST" });
    expect(simulation.log).toEqual([]);
  });

  it("aborts the rest at the first failure, and pushes no manifest", async () => {
    const scenario = createPushScenario();
    const { client, clock, run } = scenario;
    const bad = TWENTY.layers[7]?.digest ?? "";
    const inner = sourceOf(TWENTY);
    const source = sourceOf(TWENTY, {
      openBlob: (descriptor) =>
        descriptor.digest === bad ? new Uint8Array(descriptor.size) : inner.openBlob(descriptor),
    });
    await expect(run(client.pushImage(APP, source, { concurrency: 2 })))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(writes(scenario).filter((line) => line.includes("manifests"))).toEqual([]);
    expect(inner.opened.length).toBeLessThan(12);
    expect(clock.pending).toBe(0);
    const broken = sourceOf(TWENTY, { openBlob: () => Promise.reject(new Error("disk gone")) });
    await expect(run(client.pushImage(APP, broken))).rejects.toMatchObject({
      code: "UPLOAD_FAILED",
      cause: { message: "disk gone" },
    });
  });

  it("ends with the signal's reason, nothing left running", async () => {
    const scenario = createPushScenario();
    const { client, clock, run, simulation } = scenario;
    simulation.faults.add({ method: "PUT", action: { kind: "drop", by: "stall" } });
    const controller = new AbortController();
    clock.after(500, () => controller.abort(new Error("enough")));
    const pushing = client.pushImage(APP, sourceOf(TWENTY), { signal: controller.signal });
    await expect(run(pushing)).rejects.toThrow("enough");
    expect(writes(scenario).filter((line) => line.includes("manifests"))).toEqual([]);
    await run(clock.sleep(60_000));
    expect(clock.pending).toBe(0);
  });

  it("gets through broken connections and lost answers", async () => {
    const { client, registry, run, simulation } = createPushScenario();
    simulation.faults.add(
      { method: "PUT", every: 3, action: { kind: "drop", by: "reset" } },
      { method: "POST", every: 5, action: { kind: "answer", status: 503 } },
    );
    const pushed = await run(client.pushImage(APP, sourceOf(NESTED)));
    expect(pushed.root.digest).toBe(NESTED.digest);
    expect(registry.repository(APP.repository).tags.get("v1")).toBe(NESTED.digest);
  });
});

describe("32 clients at once", () => {
  it("push the same 20 layers and one tag, and every one is told so", async () => {
    const scenario = createPushScenario();
    const { client, registry, run, simulation } = scenario;
    simulation.faults.add({ every: 3, action: { kind: "delay", ms: 50, before: "commit" } });
    const pushed = await run(Promise.all(
      manyClients(scenario, 32).map((one) => one.pushImage(APP, sourceOf(TWENTY))),
    ));
    expect(new Set(pushed.map(({ root }) => root.digest))).toEqual(new Set([TWENTY.digest]));
    simulation.faults.clear();
    const { tags } = registry.repository(APP.repository);
    expect([...tags]).toEqual([["v1", TWENTY.digest]]);
    for (const { digest } of TWENTY.blobs) {
      const blob = await run(client.blobs.get(APP, digest));
      expect(await digestOf(await run(blob.bytes()))).toBe(digest);
    }
  });

  it("push different manifests to one tag, which ends at one of them", async () => {
    const scenario = createPushScenario();
    const { client, registry, run, simulation } = scenario;
    const images = await Promise.all(
      Array.from({ length: 32 }, (_, i) => buildImage({ seed: 100 + i, layers: [500, 600] })),
    );
    simulation.faults.add({ every: 4, action: { kind: "delay", ms: 70, before: "commit" } });
    const pushed = await run(Promise.all(
      manyClients(scenario, 32).map((one, i) =>
        one.pushImage(APP, sourceOf(images[i] as typeof TWENTY))
      ),
    ));
    simulation.faults.clear();
    const acknowledged = pushed.map(({ root }) => root.digest);
    expect(acknowledged.toSorted()).toEqual(images.map(({ digest }) => digest).toSorted());
    const tags = await run(collect(client.tags.list(APP)));
    expect(tags).toEqual(["v1"]);
    expect(acknowledged).toContain(registry.repository(APP.repository).tags.get("v1"));
    for (const image of images) {
      expect((await run(client.manifests.get(byDigest(image)))).bytes).toEqual(image.bytes);
      for (const { digest } of image.blobs) {
        const blob = await run(client.blobs.get(APP, digest));
        expect(await digestOf(await run(blob.bytes()))).toBe(digest);
      }
    }
  });
});
