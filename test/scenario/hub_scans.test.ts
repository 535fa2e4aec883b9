import { describe, expect, it } from "vitest";
import type { ScanSource } from "../../src/hub/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage, buildIndex, requestText } from "../../src/simulation/mod.ts";
import { createHubScenario, type HubScenario } from "../support/hub_scenario.ts";

const APP = parseReference("acme/app:v1");
const IMAGE = await buildImage();
const ARM = await buildImage({ platform: { os: "linux", architecture: "arm64" }, seed: 2 });
const REPORT = { critical: 1, high: 0, medium: 0, low: 0, unspecified: 0 };

async function scanned(): Promise<HubScenario> {
  const scenario = createHubScenario();
  scenario.hub.add("acme/app", {
    image: await buildIndex({ manifests: [IMAGE, ARM] }),
    tags: ["v1"],
  });
  scenario.hub.scout.configure({ scans: { [IMAGE.digest]: REPORT, [ARM.digest]: null } });
  return scenario;
}

describe("scans.overview()", () => {
  it("asks Scout about the image of one platform, as nobody", async () => {
    const { ann, hub, run, simulation } = await scanned();
    const overview = await run(ann().scans.overview(APP));
    expect(overview).toMatchObject({ state: "scanned", digest: IMAGE.digest, source: "scout" });
    const asked = simulation.log.filter(({ host }) => host === hub.scout.origin);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers["authorization"]).toBeUndefined();
    expect(new TextDecoder().decode(asked[0]?.body)).toContain('"repoName":"acme/app"');
  });

  it("asks as ann where the operator says so, and nowhere else", async () => {
    const { ann, client, hub, run, simulation } = await scanned();
    hub.scout.configure({ scanLogin: true });
    expect(await run(client().scans.overview(APP))).toMatchObject({ state: "unavailable" });
    const own = simulation.hub("scout.corp.test", { scans: { [IMAGE.digest]: REPORT } });
    const scout = { origin: "https://scout.corp.test", withLogin: true, organization: "acme" };
    await run(ann({ scout }).scans.overview(APP));
    const asked = simulation.log.filter(({ host }) => host === own.origin).map(requestText);
    expect(asked[0]).toContain(`authorization: Bearer ${hub.api.issued[0]}`);
    expect(asked[0]).toContain('"organization":"acme"');
  });

  it("is unavailable where nobody has scanned the image", async () => {
    const { client, run } = await scanned();
    const overview = await run(client().scans.overview(APP, { platform: "linux/arm64" }));
    expect(overview).toEqual({
      state: "unavailable",
      digest: ARM.digest,
      misses: ["scout", "attestation", "referrers"].map((source) => {
        return { source, reason: "knows nothing of the image" };
      }),
    });
  });

  it.each([
    ["is down", { status: 503, body: "" }],
    ["is gone", { status: 404, body: "<html>" }],
    ["answers nonsense", { status: 200, body: "[]" }],
    ["answers another shape", { status: 200, body: '{"data":{"imageSummariesByDigest":7}}' }],
    ["refuses", { status: 200, body: '{"data":null,"errors":[{"message":"secret text"}]}' }],
  ])("is a value and no error when Scout %s", async (_, answer) => {
    const { client, run, simulation } = await scanned();
    simulation.faults.add({ path: "/v1/graphql", action: { kind: "answer", ...answer } });
    const overview = await run(client().scans.overview(APP));
    expect(overview).toMatchObject({ state: "unavailable", digest: IMAGE.digest });
    expect(JSON.stringify(overview)).not.toContain("secret text");
  });

  it("asks sources of one's own first, and goes on when they fail", async () => {
    const { client, run } = await scanned();
    const severities = { critical: 0, high: 7, medium: 0, low: 0, unknown: 0 };
    class Own implements ScanSource {
      readonly name = "own";
      readonly found = { severities };
      find(): Promise<{ severities: typeof severities }> {
        return Promise.resolve(this.found);
      }
    }
    const broken: ScanSource = { name: "broken", find: () => Promise.reject(new Error("x")) };
    const hub = client({ scanSources: [broken, new Own()], scout: false });
    expect(await run(hub.scans.overview(APP))).toMatchObject({ source: "own", total: 7 });
    const without = client({ scanSources: [broken], scout: false });
    expect(await run(without.scans.overview(APP))).toMatchObject({
      state: "unavailable",
      misses: [{ source: "broken", reason: "failed" }, {}, {}],
    });
  });

  it("fails only for what cannot be resolved, and for its signal", async () => {
    const { client, run } = await scanned();
    const none = parseReference("acme/none:v1");
    await expect(run(client().scans.overview(none))).rejects.toMatchObject({ code: "NOT_FOUND" });
    const stop = new AbortController();
    const source: ScanSource = {
      name: "slow",
      find: () => {
        stop.abort(new Error("enough"));
        return Promise.reject(new Error("aborted"));
      },
    };
    const hub = client({ scanSources: [source] });
    await expect(run(hub.scans.overview(APP, { signal: stop.signal }))).rejects.toThrow("enough");
  });
});
