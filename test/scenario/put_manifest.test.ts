import { describe, expect, it } from "vitest";
import { buildImageManifest, type Descriptor, MEDIA_TYPES } from "../../src/manifest/mod.ts";
import { encodeUtf8 } from "../../src/core/mod.ts";
import { buildArtifact, buildImage, buildIndex, digestOf } from "../../src/simulation/mod.ts";
import { APP } from "../support/client_scenario.ts";
import {
  addContent,
  byDigest,
  collect,
  createPushScenario,
  json,
  writes,
} from "../support/manifest_pushes.ts";

const IMAGE = await buildImage({ layers: 2 });
const OTHER = await buildImage({ layers: 1, seed: 7 });
const INDEX = await buildIndex({ manifests: [IMAGE, OTHER] });
const TYPE = IMAGE.mediaType;

describe("manifests.put()", () => {
  it("pushes the very bytes to a tag or a digest", async () => {
    for (const ref of [APP, byDigest(IMAGE), { ...byDigest(IMAGE), tag: "v1" }]) {
      const scenario = createPushScenario();
      addContent(scenario, IMAGE);
      const pushed = await scenario.run(scenario.client.manifests.put(ref, IMAGE.bytes));
      const { digest } = IMAGE;
      const tags = ref.tag === undefined ? [] : ["v1"];
      expect(pushed).toEqual({ digest, mediaType: TYPE, size: IMAGE.bytes.length, tags });
      const { manifests, tags: stored } = scenario.registry.repository(APP.repository);
      expect(manifests.get(digest)).toEqual({ digest, mediaType: TYPE, bytes: IMAGE.bytes });
      expect(stored.get("v1")).toBe(ref.tag === undefined ? undefined : digest);
      expect(writes(scenario)).toHaveLength(1);
    }
  });

  it("sends no other bytes than those that it computed the digest of", async () => {
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    const bytes = IMAGE.bytes.slice();
    const pushing = scenario.client.manifests.put(APP, bytes);
    await Promise.resolve();
    await Promise.resolve();
    bytes.fill(0);
    const outcome = await scenario.run(pushing.catch(() => undefined));
    const stored = [...scenario.registry.repository(APP.repository).manifests.keys()];
    expect(stored).toEqual(outcome === undefined ? [] : [IMAGE.digest]);
  });

  it("takes what was built, or what it is to be built of", async () => {
    const { client, registry, run, ...scenario } = createPushScenario();
    addContent({ client, registry, run, ...scenario }, IMAGE);
    const layers: Descriptor[] = [];
    const config: Descriptor = {
      mediaType: MEDIA_TYPES.imageConfig,
      digest: byDigest({ digest: IMAGE.blobs[0]?.digest ?? "" }).digest ?? ("" as never),
      size: IMAGE.blobs[0]?.content.size ?? 0,
    };
    const built = buildImageManifest({ config, layers });
    const first = await run(client.manifests.put(APP, built));
    const second = await run(client.manifests.put(APP, { config, layers }));
    expect(first).toEqual(second);
    expect(registry.repository(APP.repository).manifests.get(first.digest)?.bytes)
      .toEqual(built.raw);
    const index = await run(client.manifests.put({ ...APP, tag: "all" }, { manifests: [] }));
    expect(index.mediaType).toBe(MEDIA_TYPES.imageIndex);
  });

  it("computes the digest in the reference's algorithm", async () => {
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    const digest = await digestOf(IMAGE.bytes, "sha512");
    const pushed = await scenario.run(
      scenario.client.manifests.put({ ...byDigest({ digest }), tag: "v1" }, IMAGE.bytes),
    );
    expect(pushed).toMatchObject({ digest, tags: ["v1"] });
    expect(writes(scenario)).toEqual([`PUT manifests/${digest}?tag=v1`]);
  });

  it("sets further tags in one request where the registry can, else one by one", async () => {
    const options = { tags: ["v1.2", "latest", "v1"] };
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    const pushed = await scenario.run(scenario.client.manifests.put(APP, IMAGE.bytes, options));
    expect(pushed.tags).toEqual(["v1", "v1.2", "latest"]);
    expect(writes(scenario)).toEqual([
      `PUT manifests/${IMAGE.digest}?tag=v1&tag=v1.2&tag=latest`,
    ]);
    const old = createPushScenario({ quirks: { ignoreTagParameter: true } });
    addContent(old, IMAGE);
    await old.run(old.client.manifests.put(APP, IMAGE.bytes, options));
    expect(writes(old).slice(1)).toEqual([
      "PUT manifests/v1",
      "PUT manifests/v1.2",
      "PUT manifests/latest",
    ]);
    for (const { registry } of [scenario, old]) {
      expect([...registry.repository(APP.repository).tags.entries()].toSorted())
        .toEqual(["latest", "v1", "v1.2"].map((tag) => [tag, IMAGE.digest]));
    }
  });

  it("sets 25 tags in three requests, and all where some are not acknowledged", async () => {
    const tags = Array.from({ length: 24 }, (_, i) => `t${i}`);
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    await scenario.run(scenario.client.manifests.put(APP, IMAGE.bytes, { tags }));
    expect(writes(scenario)).toHaveLength(3);
    const partial = createPushScenario({ quirks: { ignoreTagParameter: true } });
    addContent(partial, IMAGE);
    partial.simulation.faults.add({
      method: "PUT",
      path: "*/manifests/sha256:*",
      nth: 1,
      action: { kind: "headers", set: { "oci-tag": "v1,t3" } },
    });
    await partial.run(partial.client.manifests.put(APP, IMAGE.bytes, { tags }));
    const set = partial.registry.repository(APP.repository).tags;
    expect(tags.filter((tag) => tag !== "t3" && set.get(tag) !== IMAGE.digest)).toEqual([]);
  });

  it.each([400, 404, 414])("does without the query where it is answered %d", async (status) => {
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    scenario.simulation.faults.add({
      method: "PUT",
      path: "*/manifests/sha256:*",
      nth: 1,
      action: { kind: "answer", status, body: "what is tag?" },
    });
    await scenario.run(scenario.client.manifests.put(APP, IMAGE.bytes, { tags: ["v2"] }));
    const { tags } = scenario.registry.repository(APP.repository);
    expect([tags.get("v1"), tags.get("v2")]).toEqual([IMAGE.digest, IMAGE.digest]);
  });

  it("refuses before any request what must not be pushed", async () => {
    const { client, run, simulation } = createPushScenario();
    const schema1 = json({ schemaVersion: 1, fsLayers: [] });
    const ambiguous = json({ schemaVersion: 2, manifests: [], layers: [], config: {} });
    const cases: [string, () => Promise<unknown>][] = [
      ["DIGEST_MISMATCH", () => client.manifests.put(byDigest(OTHER), IMAGE.bytes)],
      ["DIGEST_MISMATCH", () => client.manifests.put({ ...APP, ...byDigest(OTHER) }, IMAGE.bytes)],
      ["UNSUPPORTED", () => client.manifests.put(APP, schema1)],
      ["AMBIGUOUS_MANIFEST", () => client.manifests.put(APP, ambiguous)],
      [
        "AMBIGUOUS_MANIFEST",
        () => client.manifests.put(APP, IMAGE.bytes, { mediaType: INDEX.mediaType }),
      ],
      ["INVALID_MANIFEST", () => client.manifests.put(APP, encodeUtf8("{"))],
      ["LIMIT_EXCEEDED", () => client.manifests.put(APP, new Uint8Array(4 * 1024 * 1024 + 1))],
      ["INVALID_TAG", () => client.manifests.put(APP, IMAGE.bytes, { tags: ["a b"] })],
      ["INVALID_TAG", () => client.manifests.put({ ...APP, tag: "../x" }, IMAGE.bytes)],
    ];
    for (const [code, push] of cases) {
      await expect(run(push()), code).rejects.toMatchObject({ code });
    }
    expect(simulation.log).toEqual([]);
  });

  it("refuses a registry that keeps something else, and takes one that says nothing", async () => {
    const wrong = await digestOf(encodeUtf8("other"));
    const lying = createPushScenario({ quirks: { digestHeader: wrong } });
    addContent(lying, IMAGE);
    await expect(lying.run(lying.client.manifests.put(APP, IMAGE.bytes))).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
      details: { expected: IMAGE.digest, computed: wrong },
    });
    const quirks = [
      { noDigestHeader: true },
      { digestHeader: await digestOf(IMAGE.bytes, "sha512") },
    ];
    for (const quirk of quirks) {
      const silent = createPushScenario({ quirks: quirk });
      addContent(silent, IMAGE);
      const pushed = await silent.run(silent.client.manifests.put(APP, IMAGE.bytes));
      expect(pushed.digest).toBe(IMAGE.digest);
    }
    const other = createPushScenario({
      quirks: { digestHeader: await digestOf(encodeUtf8("other"), "sha512") },
    });
    addContent(other, IMAGE);
    await expect(other.run(other.client.manifests.put(APP, IMAGE.bytes)))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("lists the blobs that the registry lacks", async () => {
    const scenario = createPushScenario();
    const missing = IMAGE.layers[1]?.digest;
    addContent(scenario, IMAGE);
    scenario.registry.repository(APP.repository).blobs.delete(missing ?? "");
    await expect(scenario.run(scenario.client.manifests.put(APP, IMAGE.bytes)))
      .rejects.toMatchObject({
        code: "MANIFEST_BLOB_UNKNOWN",
        details: { status: 400, digests: [missing], image: "acme/app:v1" },
      });
    const index = createPushScenario();
    await expect(index.run(index.client.manifests.put(APP, INDEX.bytes))).rejects.toMatchObject({
      code: "MANIFEST_BLOB_UNKNOWN",
      details: { digests: [IMAGE.digest] },
    });
  });

  it("pushes again when the answer was lost", async () => {
    const scenario = createPushScenario();
    addContent(scenario, IMAGE);
    scenario.simulation.faults.add({
      method: "PUT",
      nth: 1,
      action: { kind: "drop", by: "reset" },
    });
    const pushed = await scenario.run(scenario.client.manifests.put(APP, IMAGE.bytes));
    expect(pushed.digest).toBe(IMAGE.digest);
    expect(writes(scenario)).toEqual(["PUT manifests/v1", "PUT manifests/v1"]);
  });

  it("passes on what the registry answers", async () => {
    for (const [status, code] of [[401, "UNAUTHORIZED"], [403, "FORBIDDEN"]] as const) {
      const { client, run, simulation } = createPushScenario();
      simulation.faults.add({ method: "PUT", action: { kind: "answer", status } });
      await expect(run(client.manifests.put(APP, IMAGE.bytes))).rejects.toMatchObject({ code });
    }
    const readOnly = createPushScenario({ push: undefined });
    await expect(readOnly.run(readOnly.client.manifests.put(APP, IMAGE.bytes)))
      .rejects.toMatchObject({ code: "UNEXPECTED_RESPONSE", details: { status: 405 } });
  });

  it("ends with the signal's reason", async () => {
    const { client, clock, run, simulation } = createPushScenario();
    simulation.faults.add({ method: "PUT", action: { kind: "drop", by: "stall" } });
    const controller = new AbortController();
    clock.after(100, () => controller.abort(new Error("enough")));
    const { signal } = controller;
    await expect(run(client.manifests.put(APP, IMAGE.bytes, { signal }))).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });

  it("says who lists a manifest that has a subject", async () => {
    const subject = IMAGE.descriptor;
    const artifact = await buildArtifact({ artifactType: "a/b", content: "x", subject });
    for (const [referrers, listedBy] of [["api", "api"], [404, "tag"]] as const) {
      const scenario = createPushScenario({ referrers });
      const { client, registry, run } = scenario;
      registry.add(APP.repository, { image: IMAGE });
      addContent(scenario, artifact);
      const pushed = await run(client.manifests.put(byDigest(artifact), artifact.bytes));
      expect(pushed.listedBy).toBe(listedBy);
      const found = await run(collect(client.referrers.list(byDigest(IMAGE))));
      expect(found).toMatchObject([{ digest: artifact.digest, artifactType: "a/b" }]);
    }
  });
});

describe("tags.put()", () => {
  it("points a tag to what is there, and moves no blob", async () => {
    const scenario = createPushScenario();
    const { client, registry, run } = scenario;
    registry.add(APP.repository, { image: INDEX, tags: ["v1"] });
    const pushed = await run(client.tags.put(APP, "stable"));
    expect(pushed).toMatchObject({ digest: INDEX.digest, tags: ["stable"] });
    expect(registry.repository(APP.repository).tags.get("stable")).toBe(INDEX.digest);
    expect(writes(scenario)).toEqual(["PUT manifests/stable"]);
    await run(client.tags.put(byDigest(IMAGE), "amd64"));
    expect(registry.repository(APP.repository).tags.get("amd64")).toBe(IMAGE.digest);
  });

  it("refuses what is no tag, and bytes that are not what was asked for", async () => {
    const { client, registry, run, simulation } = createPushScenario();
    registry.add(APP.repository, { image: IMAGE, tags: ["v1"] });
    await expect(run(client.tags.put(APP, "a/b"))).rejects.toMatchObject({ code: "INVALID_TAG" });
    expect(simulation.log).toEqual([]);
    simulation.faults.add({ method: "GET", action: { kind: "flip", at: 20 } });
    await expect(run(client.tags.put(byDigest(IMAGE), "x")))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(registry.repository(APP.repository).tags.has("x")).toBe(false);
  });
});
