import { describe, expect, it } from "vitest";
import type { AttachedReferrer } from "../../src/client/mod.ts";
import type { Fetch } from "../../src/core/mod.ts";
import { MEDIA_TYPES } from "../../src/manifest/mod.ts";
import {
  buildArtifact,
  buildImage,
  contentBytes,
  referrersTag,
  type RegistrySettings,
} from "../../src/simulation/mod.ts";
import { APP, type Scenario } from "../support/client_scenario.ts";
import {
  addContent,
  byDigest,
  collect,
  createPushScenario,
  json,
  manyClients,
  withoutHeader,
  writes,
} from "../support/manifest_pushes.ts";

const IMAGE = await buildImage();
const TAG = referrersTag(IMAGE.digest);
const SBOM = { artifactType: "application/spdx+json" };

function scenarioWith(settings: Partial<RegistrySettings> = {}): Scenario {
  const scenario = createPushScenario(settings);
  scenario.registry.add(APP.repository, { image: IMAGE, tags: ["v1"] });
  return scenario;
}

interface Index {
  readonly manifests: readonly { readonly digest: string }[];
}

function taggedIndex({ registry }: Scenario): Index {
  const { manifests, tags } = registry.repository(APP.repository);
  const stored = manifests.get(tags.get(TAG) ?? "");
  return JSON.parse(new TextDecoder().decode(stored?.bytes)) as Index;
}

/** Put bytes under the fallback tag, as some other client might have. */
async function tagIndex(scenario: Scenario, value: unknown): Promise<void> {
  const bytes = json(value);
  const { manifests, tags } = scenario.registry.repository(APP.repository);
  const digest = `sha256:${"9".repeat(64)}`;
  manifests.set(digest, { digest, mediaType: MEDIA_TYPES.imageIndex, bytes });
  tags.set(TAG, digest);
  await Promise.resolve();
}

const WAYS: [string, Partial<RegistrySettings>, "api" | "tag"][] = [
  ["the referrers API", { push: {}, referrers: "api" }, "api"],
  ["a fallback tag", { push: {}, referrers: 404 }, "tag"],
  ["a fallback tag and If-Match", { push: { conditional: true }, referrers: 404 }, "tag"],
];

describe("referrers.attach()", () => {
  it.each(WAYS)("attaches an artifact where there is %s", async (_, settings, listedBy) => {
    const scenario = scenarioWith(settings);
    const { client, registry, run } = scenario;
    const content = json({ spdxVersion: "SPDX-2.3" });
    const attached = await run(client.referrers.attach(APP, {
      ...SBOM,
      layers: [{ mediaType: "application/spdx+json", content, annotations: { a: "b" } }],
      annotations: { "org.opencontainers.image.created": "2026-01-01T00:00:00Z" },
    }));
    const { descriptor: { mediaType, digest, size } } = IMAGE;
    expect(attached).toMatchObject({ listedBy, subject: { mediaType, digest, size }, tags: [] });
    const [found, ...others] = await run(collect(client.referrers.list(byDigest(IMAGE))));
    expect(others).toEqual([]);
    expect(found).toEqual({
      mediaType: MEDIA_TYPES.imageManifest,
      digest: attached.digest,
      size: attached.size,
      ...SBOM,
      annotations: { "org.opencontainers.image.created": "2026-01-01T00:00:00Z" },
    });
    const { manifest } = await run(client.manifests.get(byDigest(attached)));
    expect(manifest).toMatchObject({ config: { mediaType: MEDIA_TYPES.empty, size: 2 } });
    const layer = manifest.kind === "image" ? manifest.layers[0]?.digest ?? "" : "";
    const stored = registry.repository(APP.repository).blobs.get(layer);
    expect(stored && await contentBytes(stored)).toEqual(content);
  });

  it("attaches one without content, and one that was built elsewhere", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const { client, run } = scenario;
    await run(client.referrers.attach(byDigest(IMAGE), SBOM));
    const built = await buildArtifact({ ...SBOM, content: "x", subject: IMAGE });
    addContent(scenario, built);
    const attached = await run(client.referrers.attach(APP, built.bytes));
    expect(attached.digest).toBe(built.digest);
    expect(taggedIndex(scenario).manifests).toHaveLength(2);
    await run(client.referrers.attach(APP, built.bytes));
    expect(taggedIndex(scenario).manifests).toHaveLength(2);
  });

  it("refuses an artifact of something else, or of nothing, before a write", async () => {
    const scenario = scenarioWith();
    const { client, run } = scenario;
    const other = await buildImage({ seed: 9 });
    const foreign = await buildArtifact({ ...SBOM, subject: other });
    await expect(run(client.referrers.attach(APP, foreign.bytes)))
      .rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    await expect(run(client.referrers.attach(APP, IMAGE.bytes)))
      .rejects.toMatchObject({ code: "INVALID_MANIFEST" });
    await expect(run(client.referrers.attach(byDigest(other), SBOM)))
      .rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(writes(scenario)).toEqual([]);
  });

  it("keeps what others wrote into the index as it is", async () => {
    const scenario = scenarioWith({ push: { sparseIndexes: true }, referrers: 404 });
    const { client, run } = scenario;
    const strange = {
      mediaType: "application/x.unknown",
      digest: `sha256:${"c".repeat(64)}`,
      size: 7,
      annotations: { "x": "y" },
      "x-extra": { deep: [1, null, "ü"] },
    };
    const rest = { schemaVersion: 2, mediaType: MEDIA_TYPES.imageIndex, "x-top": true };
    await tagIndex(scenario, { ...rest, manifests: [strange], annotations: { k: "v" } });
    const { digest } = await run(client.referrers.attach(APP, SBOM));
    const index = taggedIndex(scenario);
    expect(index).toMatchObject({ ...rest, annotations: { k: "v" } });
    expect(index.manifests[0]).toEqual(strange);
    expect(index.manifests[1]).toMatchObject({ digest });
  });

  it.each([
    ["an image", IMAGE.bytes],
    ["no JSON", new TextEncoder().encode("{")],
    ["a list", json([])],
  ])("does not overwrite %s", async (_, bytes) => {
    const { client, registry, run } = scenarioWith({ referrers: 404 });
    const { manifests, tags } = registry.repository(APP.repository);
    const digest = `sha256:${"8".repeat(64)}`;
    manifests.set(digest, { digest, mediaType: MEDIA_TYPES.imageIndex, bytes });
    tags.set(TAG, digest);
    await expect(run(client.referrers.attach(APP, SBOM)))
      .rejects.toMatchObject({ code: "INVALID_MANIFEST" });
    expect(tags.get(TAG)).toBe(digest);
  });

  it("refuses to write an index over 4 MiB", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const annotations = { filler: "x".repeat(4 * 1024 * 1024 - 150) };
    await tagIndex(scenario, { schemaVersion: 2, manifests: [], annotations });
    await expect(scenario.run(scenario.client.referrers.attach(APP, SBOM))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: "list of referrers", maximum: 4 * 1024 * 1024 },
    });
  });

  it("is satisfied with its own write when the answer was lost", async () => {
    const scenario = scenarioWith({ push: { conditional: true }, referrers: 404 });
    const { client, run, simulation } = scenario;
    simulation.faults.add({
      method: "PUT",
      path: `*/manifests/${TAG}`,
      nth: 1,
      action: { kind: "drop", by: "reset" },
    });
    const { digest } = await run(client.referrers.attach(APP, SBOM));
    expect(taggedIndex(scenario).manifests).toMatchObject([{ digest }]);
  });

  it("gives up, typed, when somebody always overwrites it", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const { clock, registry, run, simulation } = scenario;
    await tagIndex(scenario, { schemaVersion: 2, manifests: [] });
    const { tags } = registry.repository(APP.repository);
    const mine = tags.get(TAG) ?? "";
    const fetch: Fetch = async (request) => {
      const response = await simulation.fetch(request);
      if (request.method === "PUT" && request.url.endsWith(TAG)) tags.set(TAG, mine);
      return response;
    };
    const attaching = manyClients(scenario, 1, fetch).map((one) => one.referrers.attach(APP, SBOM));
    await expect(run(Promise.all(attaching))).rejects
      .toMatchObject({ code: "CONFLICT", details: { what: `acme/app:${TAG}`, attempts: 32 } });
    expect(clock.pending).toBe(0);
  });

  it("gives a write up that comes too late, and tries again", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const { client, run, simulation } = scenario;
    simulation.faults.add({
      method: "PUT",
      path: `*/manifests/${TAG}`,
      first: 2,
      action: { kind: "drop", by: "stall", unseen: true },
    });
    const { digest } = await run(client.referrers.attach(APP, SBOM));
    expect(taggedIndex(scenario).manifests).toMatchObject([{ digest }]);
  });

  it("writes nothing on the strength of what it read long ago", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const { clock, run, simulation } = scenario;
    const [slow, quick] = manyClients(scenario, 2);
    simulation.faults.add({
      method: "PUT", // whether conditions are honoured, asked after the tag was read
      path: "*/manifests/sha256:*",
      nth: 2,
      action: { kind: "delay", ms: 10_000 },
    });
    const attach = (client = slow, writer = "slow"): Promise<AttachedReferrer> =>
      (client as typeof scenario.client).referrers
        .attach(APP, { ...SBOM, annotations: { writer } });
    const attaching = [attach(), clock.sleep(2000).then(() => attach(quick, "quick"))];
    const digests = (await run(Promise.all(attaching))).map(({ digest }) => digest);
    expect(taggedIndex(scenario).manifests.map(({ digest }) => digest).toSorted())
      .toEqual(digests.toSorted());
  });

  it("ends with the signal's reason while it waits", async () => {
    const { client, clock, run } = scenarioWith({ referrers: 404 });
    const controller = new AbortController();
    clock.after(1000, () => controller.abort(new Error("enough")));
    await expect(run(client.referrers.attach(APP, SBOM, { signal: controller.signal })))
      .rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });
});

const WRITERS = 16;

/** Sixteen at once, some of whose reads and writes are slow, in turn. */
async function attachAtOnce(scenario: Scenario, fetch?: Fetch): Promise<AttachedReferrer[]> {
  const { run, simulation } = scenario;
  const path = `*/manifests/${TAG}`;
  simulation.faults.add(
    { path, method: "GET", every: 3, action: { kind: "delay", ms: 300 } },
    { path, method: "PUT", every: 2, action: { kind: "delay", ms: 700, before: "commit" } },
    { path, method: "PUT", every: 5, action: { kind: "delay", ms: 900, before: "commit" } },
  );
  const attaching = manyClients(scenario, WRITERS, fetch).map((client, i) =>
    client.referrers.attach(APP, { ...SBOM, annotations: { writer: `${i}` } })
  );
  return await run(Promise.all(attaching));
}

describe("sixteen writers of one subject's referrers", () => {
  it.each(WAYS)("lose no entry where there is %s", async (_, settings) => {
    const scenario = scenarioWith(settings);
    const attached = await attachAtOnce(scenario);
    const found = await scenario.run(
      collect(scenario.client.referrers.list(byDigest(IMAGE))),
    );
    expect(found.map(({ digest }) => digest).toSorted())
      .toEqual(attached.map(({ digest }) => digest).toSorted());
    expect(new Set(attached.map(({ digest }) => digest)).size).toBe(WRITERS);
  });

  it("lose no entry where there is no ETag either", async () => {
    const scenario = scenarioWith({ referrers: 404 });
    const attached = await attachAtOnce(scenario, withoutHeader(scenario.simulation.fetch, "etag"));
    expect(taggedIndex(scenario).manifests.map(({ digest }) => digest).toSorted())
      .toEqual(attached.map(({ digest }) => digest).toSorted());
  });
});
