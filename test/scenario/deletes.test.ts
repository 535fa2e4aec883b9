import { describe, expect, it } from "vitest";
import {
  buildArtifact,
  buildImage,
  referrersTag,
  type RegistrySettings,
} from "../../src/simulation/mod.ts";
import { APP, type Scenario } from "../support/client_scenario.ts";
import { byDigest, collect, createPushScenario, writes } from "../support/manifest_pushes.ts";

const IMAGE = await buildImage();
const SBOM = { artifactType: "application/spdx+json" };
const TAGS = ["latest", "v1"];

function scenarioWith(settings: Partial<RegistrySettings> = {}): Scenario {
  const scenario = createPushScenario(settings);
  scenario.registry.add(APP.repository, { image: IMAGE, tags: TAGS });
  return scenario;
}

function tagsOf({ registry }: Scenario): string[] {
  return [...registry.repository(APP.repository).tags.keys()].toSorted();
}

describe("manifests.delete()", () => {
  it("deletes a manifest with all its tags", async () => {
    const scenario = scenarioWith();
    const { client, run } = scenario;
    await run(client.manifests.delete(byDigest(IMAGE)));
    expect(tagsOf(scenario)).toEqual([]);
    expect(await run(client.manifests.exists(byDigest(IMAGE)))).toBe(false);
    await expect(run(client.manifests.delete(byDigest(IMAGE))))
      .rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("wants a digest", async () => {
    const { client, run, simulation } = scenarioWith();
    await expect(run(client.manifests.delete(APP))).rejects.toThrow(TypeError);
    expect(simulation.log).toEqual([]);
  });

  it.each([true, false])(
    "takes a referrer off the fallback tag, If-Match %s",
    async (conditional) => {
      const scenario = scenarioWith({ push: { conditional }, referrers: 404 });
      const { client, run } = scenario;
      const annotations = { no: "2" };
      const kept = await run(client.referrers.attach(APP, SBOM));
      const gone = await run(client.referrers.attach(APP, { ...SBOM, annotations }));
      await run(client.manifests.delete(byDigest(gone)));
      const left = await run(collect(client.referrers.list(byDigest(IMAGE))));
      expect(left.map(({ digest }) => digest)).toEqual([kept.digest]);
      expect(await run(client.manifests.exists(byDigest(gone)))).toBe(false);
    },
  );

  it.each([[405, "UNSUPPORTED"], [403, "FORBIDDEN"], [500, "SERVER_ERROR"]])(
    "lists a referrer again that the registry does not delete: %i",
    async (status, code) => {
      const scenario = scenarioWith({ referrers: 404, quirks: { manifestDelete: status } });
      const { client, run } = scenario;
      const { digest } = await run(client.referrers.attach(APP, SBOM));
      const deleting = client.manifests.delete(byDigest({ digest }));
      await expect(run(deleting)).rejects.toMatchObject({ code });
      const listed = await run(collect(client.referrers.list(byDigest(IMAGE))));
      expect(listed).toMatchObject([{ digest }]);
    },
  );

  it("lists no referrer again that is gone though nobody said so", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const { client, run, simulation } = scenario;
    const { digest } = await run(client.referrers.attach(APP, SBOM));
    simulation.faults.add({ method: "DELETE", action: { kind: "drop", by: "reset" } });
    await run(client.manifests.delete(byDigest({ digest })).catch(() => {}));
    expect(await run(client.manifests.exists(byDigest({ digest })))).toBe(false);
    expect(await run(collect(client.referrers.list(byDigest(IMAGE))))).toEqual([]);
  });

  it("writes no fallback tag where the registry lists referrers itself", async () => {
    const scenario = scenarioWith();
    const { client, registry, run } = scenario;
    const artifact = await buildArtifact({ ...SBOM, subject: IMAGE });
    registry.add(APP.repository, { image: artifact });
    await run(client.manifests.delete(byDigest(artifact)));
    expect(writes(scenario)).toEqual([`DELETE manifests/${artifact.digest}`]);
    registry.add(APP.repository, { image: artifact });
    registry.configure({ quirks: { manifestDelete: 405 } });
    await expect(run(client.manifests.delete(byDigest(artifact)))).rejects.toThrow();
    expect(tagsOf(scenario)).not.toContain(referrersTag(IMAGE.digest));
  });

  it("deletes what nobody can read", async () => {
    const { client, registry, run } = scenarioWith();
    const { manifests } = registry.repository(APP.repository);
    const ref = byDigest({ digest: `sha256:${"7".repeat(64)}` });
    const bytes = new TextEncoder().encode("no manifest");
    manifests.set(ref.digest ?? "", { digest: ref.digest ?? "", mediaType: "a/b", bytes });
    await run(client.manifests.delete(ref));
    expect(manifests.has(ref.digest ?? "")).toBe(false);
  });
});

describe("tags.delete()", () => {
  it("deletes one tag and leaves the manifest", async () => {
    const scenario = scenarioWith();
    const { client, run } = scenario;
    await run(client.tags.delete(APP));
    expect(tagsOf(scenario)).toEqual(["latest"]);
    expect(await run(client.manifests.exists(byDigest(IMAGE)))).toBe(true);
    await expect(run(client.tags.delete(APP))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(run(client.tags.delete(byDigest(IMAGE)))).rejects.toThrow(TypeError);
  });

  it.each([400, 405])("says what can be done where it is answered %d", async (tagDelete) => {
    const scenario = scenarioWith({ quirks: { tagDelete } });
    const { client, run } = scenario;
    await expect(run(client.tags.delete(APP))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      details: { reason: expect.stringContaining("viaEmptyManifest") },
    });
    expect(tagsOf(scenario)).toEqual(TAGS);
  });

  it("goes by an empty manifest when told to, and touches no other tag", async () => {
    const scenario = scenarioWith({ quirks: { tagDelete: 400 } });
    const { client, registry, run } = scenario;
    await run(client.tags.delete(APP, { viaEmptyManifest: true }));
    expect(tagsOf(scenario)).toEqual(["latest"]);
    expect([...registry.repository(APP.repository).manifests.keys()]).toEqual([IMAGE.digest]);
  });

  it("puts the tag back where manifests are not deleted either", async () => {
    const scenario = scenarioWith({ quirks: { tagDelete: 400, manifestDelete: 405 } });
    const { client, registry, run } = scenario;
    await expect(run(client.tags.delete(APP, { viaEmptyManifest: true })))
      .rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(registry.repository(APP.repository).tags.get("v1")).toBe(IMAGE.digest);
  });

  it("says where the tag pointed to when it cannot be put back", async () => {
    const { client, run, simulation } = scenarioWith({
      quirks: { tagDelete: 400, manifestDelete: 405 },
    });
    simulation.faults.add({
      method: "PUT",
      path: "*/manifests/v1",
      after: 1,
      action: { kind: "answer", status: 403 },
    });
    await expect(run(client.tags.delete(APP, { viaEmptyManifest: true }))).rejects.toMatchObject({
      code: "UNSUPPORTED",
      details: { reason: expect.stringContaining(IMAGE.digest) },
    });
  });
});

describe("blobs.delete()", () => {
  const layer = IMAGE.layers[0]?.digest ?? "";

  it("deletes a blob", async () => {
    const { client, registry, run } = scenarioWith();
    await run(client.blobs.delete(APP, layer));
    expect(registry.repository(APP.repository).blobs.has(layer)).toBe(false);
    await expect(run(client.blobs.delete(APP, layer))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is typed where the registry does not, and for what is no digest", async () => {
    const { client, run } = scenarioWith({ quirks: { blobDelete: 405 } });
    await expect(run(client.blobs.delete(APP, layer))).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    await expect(run(client.blobs.delete(APP, "sha256:x"))).rejects.toMatchObject({
      code: "INVALID_DIGEST",
    });
  });
});
