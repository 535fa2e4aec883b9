import { describe, expect, it } from "vitest";
import {
  metricsObserver,
  type PrometheusMetrics,
  prometheusMetrics,
} from "../../src/observability/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { APP, canaryCredentials, noise } from "../support/client_scenario.ts";
import { createPushScenario, type PushScenario } from "../support/push_scenario.ts";

const IMAGE = await buildImage({ layers: [200_000] });
const [LAYER = ""] = IMAGE.layers.map(({ digest }) => digest);
const BLOBS = "/v2/*/blobs/*";

/** A client whose events are measured. */
function createMeasured(): PushScenario & { readonly metrics: PrometheusMetrics } {
  const metrics = prometheusMetrics();
  const observer = metricsObserver(metrics);
  const credentials = canaryCredentials();
  const scenario = createPushScenario({}, {}, { observer, credentials });
  scenario.registry.configure({ push: {}, rateLimit: { limit: 100, windowSeconds: 3600 } });
  scenario.registry.add(APP.repository, { image: IMAGE, tags: ["v1"] });
  return { ...scenario, metrics };
}

/** The value of a series by its text up to the value. */
function valueOf(metrics: PrometheusMetrics, series: string): number {
  const line = metrics.text().split("\n").find((one) => one.startsWith(`tidegate_${series} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

describe("metrics of a client", () => {
  it("count a pull once, with its bytes", async () => {
    const { client, metrics, run } = createMeasured();
    await run(client.manifests.get(APP));
    const layer = await run(client.blobs.get(APP, LAYER).then((blob) => blob.bytes()));
    expect(valueOf(metrics, "manifests_pulled_total")).toBe(1);
    expect(valueOf(metrics, "blobs_downloaded_total")).toBe(1);
    expect(valueOf(metrics, "bytes_downloaded_total")).toBe(IMAGE.bytes.length + layer.length);
    const series = 'requests_total{method="GET",endpoint="manifest",status="200"}';
    expect(valueOf(metrics, series)).toBe(1);
    expect(valueOf(metrics, "rate_limit_limit")).toBe(100);
    expect(metrics.text()).not.toContain("errors_total");
  });

  it("count a push once, however often bytes were sent", async () => {
    const { client, metrics, run, simulation } = createMeasured();
    const path = "/v2/*/blobs/uploads/*";
    const action = { kind: "answer", status: 500 } as const;
    simulation.faults.add({ path, method: "PATCH", first: 1, action });
    const bytes = noise(300_000);
    await run(client.blobs.put(APP, bytes, { chunkBytes: 100_000 }));
    await run(client.blobs.put(APP, bytes));
    expect(valueOf(metrics, 'blobs_uploaded_total{outcome="uploaded"}')).toBe(1);
    expect(valueOf(metrics, 'blobs_uploaded_total{outcome="exists"}')).toBe(1);
    expect(valueOf(metrics, "bytes_uploaded_total")).toBeGreaterThanOrEqual(bytes.length);
  });

  it("count content that is not what its digest says, once", async () => {
    const { client, metrics, run, simulation } = createMeasured();
    simulation.faults.add({ path: BLOBS, action: { kind: "flip", at: 5 } });
    await expect(run(client.blobs.get(APP, LAYER).then((blob) => blob.bytes()))).rejects.toThrow();
    expect(valueOf(metrics, "digest_mismatches_total")).toBe(1);
    expect(valueOf(metrics, 'errors_total{error_type="DIGEST_MISMATCH"}')).toBe(1);
    expect(valueOf(metrics, "blobs_downloaded_total")).toBe(0);
  });

  it("tell that a circuit opens", async () => {
    const { client, metrics, run, simulation } = createMeasured();
    simulation.faults.add({ path: "/v2/*/manifests/*", action: { kind: "answer", status: 500 } });
    for (let i = 0; i < 3; i++) {
      await expect(run(client.manifests.get(APP))).rejects.toThrow();
    }
    expect(valueOf(metrics, "circuit_state")).toBe(2);
    expect(valueOf(metrics, 'errors_total{error_type="CIRCUIT_OPEN"}')).toBeGreaterThan(0);
  });
});
