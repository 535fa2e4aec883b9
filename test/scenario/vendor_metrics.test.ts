import { describe, expect, it } from "vitest";
import { metricsObserver, prometheusMetrics } from "../../src/observability/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildArtifact, buildImage, buildIndex } from "../../src/simulation/mod.ts";
import { APP, collect, createGhcrScenario } from "../support/ghcr_scenario.ts";
import { createHubScenario } from "../support/hub_scenario.ts";

const IMAGE = await buildImage();

/** Series by their text up to the value. */
function seriesOf(text: string, name: RegExp): Record<string, number> {
  const lines = text.split("\n").filter((line) => name.test(line));
  return Object.fromEntries(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}

describe("metrics of the vendors' clients", () => {
  it("have Docker Hub's API by its parts, and the severities of a scan", async () => {
    const { ann, hub, run } = createHubScenario();
    const metrics = prometheusMetrics();
    const client = ann({ observer: metricsObserver(metrics) });
    hub.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const report = { critical: 1, high: 2, medium: 3, low: 4, unspecified: 5 };
    hub.scout.configure({ scans: { [IMAGE.digest]: report } });
    await run(client.repositories.get("acme/app"));
    await run(collect(client.tags.details("acme/app")));
    await run(collect(client.search("app")));
    await run(client.scans.overview(parseReference("acme/app:v1")));
    expect(seriesOf(metrics.text(), /^\w+_requests_total.*="(?:api|token)/)).toEqual({
      'docker_requests_total{method="POST",endpoint="token",status="200"}': 1,
      'docker_requests_total{method="GET",endpoint="api-repositories",status="200"}': 1,
      'docker_requests_total{method="GET",endpoint="api-tags",status="200"}': 1,
      'docker_requests_total{method="GET",endpoint="api-search",status="200"}': 1,
      'docker_requests_total{method="POST",endpoint="api-scans",status="200"}': 1,
    });
    expect(seriesOf(metrics.text(), /^docker_vulnerabilities/)).toEqual({
      'docker_vulnerabilities{severity="critical"}': 1,
      'docker_vulnerabilities{severity="high"}': 2,
      'docker_vulnerabilities{severity="medium"}': 3,
      'docker_vulnerabilities{severity="low"}': 4,
      'docker_vulnerabilities{severity="unknown"}': 5,
    });
  });

  it("leave the severities as they were where nobody has scanned the image", async () => {
    const { client, hub, run } = createHubScenario();
    const metrics = prometheusMetrics();
    hub.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const { scans } = client({ observer: metricsObserver(metrics) });
    expect(await run(scans.overview(parseReference("acme/app:v1")))).toMatchObject({
      state: "unavailable",
    });
    expect(metrics.text()).not.toContain("vulnerabilities");
  });

  it("have GitHub's API by its parts, and the severities of a report", async () => {
    const metrics = prometheusMetrics();
    const observer = metricsObserver(metrics);
    const { client, ghcr, run } = createGhcrScenario({ observer });
    ghcr.add("acme/app", { image: IMAGE, tags: ["v1"] });
    const result = [{ id: "CVE-2026-1", severity: [{ method: "nvd", score: "9.1" }] }];
    const scan = await buildArtifact({
      artifactType: "application/vnd.in-toto+json",
      subject: IMAGE,
      content: JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ digest: { sha256: IMAGE.digest.slice(7) } }],
        predicateType: "https://in-toto.io/attestation/vulns/v0.1",
        predicate: { scanner: { uri: "https://scanner.example.com", result } },
      }),
    });
    const tag = IMAGE.digest.replace(":", "-");
    ghcr.add("acme/app", { image: await buildIndex({ manifests: [scan] }), tags: [tag] });
    await run(client.packages.find(APP));
    await run(client.attestations.report(APP));
    await run(client.apiRateLimit());
    const endpoints = Object.keys(seriesOf(metrics.text(), /^ghcr_requests_total.*"api/)).map(
      (series) => /endpoint="([^"]+)"/.exec(series)?.[1],
    );
    expect(new Set(endpoints)).toEqual(
      new Set(["api-accounts", "api-versions", "api-attestations", "api-rate-limit"]),
    );
    expect(seriesOf(metrics.text(), /^ghcr_vulnerabilities.*critical/)).toEqual({
      'ghcr_vulnerabilities{severity="critical"}': 1,
    });
    expect(metrics.text()).not.toMatch(/^(?:docker|tidegate)_requests_total/m);
  });
});
