import { describe, expect, it } from "vitest";
import {
  buildArtifact,
  buildImage,
  type FaultAction,
  referrersTag,
} from "../../src/simulation/mod.ts";
import type { Digest } from "../../src/reference/mod.ts";
import { APP, createScenario, type Scenario } from "../support/client_scenario.ts";

const NAMES = Array.from({ length: 25 }, (_, i) => `v${String(i).padStart(2, "0")}`);

async function withTags(scenario: Scenario, tags: readonly string[] = NAMES): Promise<void> {
  scenario.registry.add(APP.repository, { image: await buildImage(), tags });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("tags.list()", () => {
  it.each([{}, { absoluteLink: true }, { unsortedTags: true }])(
    "follows Link with %j",
    async (quirks) => {
      const scenario = createScenario();
      const { client, registry, run, simulation } = scenario;
      await withTags(scenario);
      registry.configure({ pageSize: 10, quirks });
      expect((await run(collect(client.tags.list(APP)))).toSorted()).toEqual(NAMES);
      expect(simulation.log).toHaveLength(3);
    },
  );

  it("asks on with last where a full page has no Link", async () => {
    const scenario = createScenario();
    const { client, run, simulation } = scenario;
    await withTags(scenario);
    simulation.faults.add({
      path: "*/tags/list",
      action: { kind: "headers", set: { link: undefined } },
    });
    expect(await run(collect(client.tags.list(APP, { pageSize: 10 })))).toEqual(NAMES);
    expect(simulation.log.at(-1)?.target).toContain("last=v19");
  });

  it("ends where a registry knows neither n nor last", async () => {
    const { client, run, simulation } = createScenario();
    const body = JSON.stringify({ name: APP.repository, tags: NAMES.slice(0, 10) });
    simulation.faults.add({
      path: "*/tags/list",
      action: {
        kind: "answer",
        status: 200,
        body,
        headers: { "content-type": "application/json" },
      },
    });
    expect(await run(collect(client.tags.list(APP, { pageSize: 10 })))).toEqual(NAMES.slice(0, 10));
    expect(simulation.log).toHaveLength(2);
  });

  it("ends after one page where none are wanted", async () => {
    const scenario = createScenario();
    await withTags(scenario);
    expect(await scenario.run(collect(scenario.client.tags.list(APP, { pageSize: 0 })))).toEqual(
      [],
    );
  });

  it("fetches no page that nobody reads", async () => {
    const scenario = createScenario();
    const { client, registry, run, simulation } = scenario;
    await withTags(scenario);
    registry.configure({ pageSize: 10 });
    await run((async () => {
      for await (const tag of client.tags.list(APP)) if (tag === "v03") break;
    })());
    expect(simulation.log).toHaveLength(1);
  });

  const hostile: [string, string, string][] = [
    [
      "another host",
      '<https://trap.example.net/v2/acme/app/tags/list?n=1>; rel="next"',
      "ORIGIN_NOT_TRUSTED",
    ],
    ["another port", "<https://registry.example.com:8443/v2/x>; rel=next", "ORIGIN_NOT_TRUSTED"],
    ["plain http", "<http://registry.example.com/v2/x>; rel=next", "ORIGIN_NOT_TRUSTED"],
    ["a relative host", "<//trap.example.net/v2/x>; rel=next", "ORIGIN_NOT_TRUSTED"],
    [
      "a user name",
      "<https://registry.example.com@trap.example.net/>; rel=next",
      "INVALID_RESPONSE",
    ],
    ["a file", "<file:///etc/passwd>; rel=next", "ORIGIN_NOT_TRUSTED"],
    ["itself", "</v2/acme/app/tags/list?n=1000>; rel=next", "INVALID_RESPONSE"],
  ];
  it.each(hostile)("refuses a Link to %s", async (_, link, code) => {
    const scenario = createScenario();
    const { client, run, simulation } = scenario;
    await withTags(scenario);
    const trap = simulation.trap("trap.example.net");
    simulation.faults.add({ path: "*/tags/list", action: { kind: "headers", set: { link } } });
    await expect(run(collect(client.tags.list(APP)))).rejects.toMatchObject({ code });
    expect(simulation.log.some(({ host }) => host === trap.origin)).toBe(false);
  });

  it("refuses pages that lead in a circle", async () => {
    const { client, run, simulation } = createScenario();
    const page = (tag: string, next: string): FaultAction => ({
      kind: "answer",
      status: 200,
      body: JSON.stringify({ name: APP.repository, tags: [tag] }),
      headers: { "content-type": "application/json", link: `<${next}>; rel="next"` },
    });
    const first = "/v2/acme/app/tags/list?n=1000";
    const second = "/v2/acme/app/tags/list?n=1000&last=a";
    simulation.faults.add(
      { path: "*/tags/list", nth: [1, 3], action: page("a", second) },
      { path: "*/tags/list", nth: [2, 4], action: page("b", first) },
    );
    await expect(run(collect(client.tags.list(APP)))).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
    });
    expect(simulation.log).toHaveLength(2);
  });

  it("ends at the cap of pages", async () => {
    const scenario = createScenario({ limits: { pages: 2 } });
    const { client, registry, run } = scenario;
    await withTags(scenario);
    registry.configure({ pageSize: 10 });
    await expect(run(collect(client.tags.list(APP)))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: "pages", maximum: 2 },
    });
  });

  it("caps the size of a page", async () => {
    const scenario = createScenario({ limits: { pageBytes: 100 } });
    await withTags(scenario);
    await expect(scenario.run(collect(scenario.client.tags.list(APP)))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("types an unknown repository", async () => {
    const { client, run } = createScenario();
    await expect(run(collect(client.tags.list({ ...APP, repository: "acme/none" })))).rejects
      .toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("referrers.list()", () => {
  const SBOM = "application/spdx+json";
  const SIGNATURE = "application/vnd.example.signature";

  async function withReferrers(
    scenario: Scenario,
  ): Promise<{ digest: Digest; sbom: string; signature: string }> {
    const image = await buildImage();
    const sbom = await buildArtifact({ artifactType: SBOM, content: "sbom", subject: image });
    const signature = await buildArtifact({
      artifactType: SIGNATURE,
      content: "sig",
      subject: image,
    });
    const { registry } = scenario;
    registry.add(APP.repository, { image, tags: ["v1"] });
    registry.add(APP.repository, { image: sbom });
    registry.add(APP.repository, { image: signature });
    return { digest: image.digest as Digest, sbom: sbom.digest, signature: signature.digest };
  }

  it("lists by digest, by tag and by type", async () => {
    const scenario = createScenario();
    const { client, run } = scenario;
    const { digest, sbom, signature } = await withReferrers(scenario);
    const digests = async (artifactType?: string, ref = APP) =>
      (await run(collect(client.referrers.list(ref, { artifactType })))).map((d) => d.digest)
        .toSorted();
    expect(await digests()).toEqual([sbom, signature].toSorted());
    expect(await digests(undefined, { ...APP, digest })).toHaveLength(2);
    expect(await digests(SBOM)).toEqual([sbom]);
  });

  it("filters by itself where the registry did not say that it had", async () => {
    const scenario = createScenario();
    const { client, run, simulation } = scenario;
    const { sbom } = await withReferrers(scenario);
    simulation.faults.add({
      path: "*/referrers/*",
      action: { kind: "headers", set: { "oci-filters-applied": undefined } },
    });
    const listed = await run(collect(client.referrers.list(APP, { artifactType: SBOM })));
    expect(listed.map(({ digest }) => digest)).toEqual([sbom]);
  });

  it.each([404, 400, 405, 406] as const)(
    "reads the fallback tag where the API answers %i",
    async (status) => {
      const scenario = createScenario();
      const { client, registry, run } = scenario;
      const { digest, sbom } = await withReferrers(scenario);
      registry.configure({ referrers: status });
      expect(await run(collect(client.referrers.list({ ...APP, digest })))).toEqual([]);
      const { buildIndex } = await import("../../src/simulation/mod.ts");
      const image = await buildImage();
      const artifact = await buildArtifact({ artifactType: SBOM, content: "sbom", subject: image });
      const index = await buildIndex({ manifests: [artifact] });
      registry.add(APP.repository, { image: index, tags: [referrersTag(digest)] });
      const listed = await run(
        collect(client.referrers.list({ ...APP, digest }, { artifactType: SBOM })),
      );
      expect(listed.map((d) => d.digest)).toEqual([sbom]);
    },
  );

  it("takes a web page with status 200 for no API", async () => {
    const scenario = createScenario();
    const { client, run, simulation } = scenario;
    const { digest } = await withReferrers(scenario);
    simulation.faults.add({
      path: "*/referrers/*",
      action: {
        kind: "answer",
        status: 200,
        body: "<html>",
        headers: { "content-type": "text/html" },
      },
    });
    expect(await run(collect(client.referrers.list({ ...APP, digest })))).toEqual([]);
  });

  it("follows pages", async () => {
    const scenario = createScenario();
    await withReferrers(scenario);
    scenario.registry.configure({ pageSize: 1 });
    expect(await scenario.run(collect(scenario.client.referrers.list(APP)))).toHaveLength(2);
  });
});
