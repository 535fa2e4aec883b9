import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  analyticsEngineMetrics,
  METRICS,
  metricsObserver,
  prometheusMetrics,
  type TidegateEvent,
} from "../../../src/observability/mod.ts";

const PLACE = { upstream: "docker.io", request: 1, operation: undefined };
const FACTS = { ...PLACE, kind: "manifest", method: "GET", url: "https://r.test/v2/" } as const;
const UPLOAD = { upstream: "docker.io", repository: "acme/app", digest: undefined };
const TOKEN = {
  upstream: "docker.io",
  scopes: [],
  realm: "https://a.test",
  method: "GET",
} as const;

/** One event for each metric at least. */
const EVENTS: readonly TidegateEvent[] = [
  { type: "request.answered", ...FACTS, status: 200, milliseconds: 120 },
  { type: "request.answered", ...FACTS, method: "HEAD", status: 404, milliseconds: 20 },
  { type: "request.answered", ...FACTS, status: 429, milliseconds: 60_000 },
  { type: "request.answered", ...FACTS, status: 401, milliseconds: 1 },
  { type: "request.failed", ...FACTS, code: "NETWORK_TIMEOUT", milliseconds: 30_000 },
  { type: "request.failed", ...FACTS, code: "UNAUTHORIZED", milliseconds: 3 },
  { type: "request.failed", ...FACTS, code: "ABORTED", milliseconds: 3 },
  { type: "manifest.verified", upstream: "docker.io", digest: "sha256:1", size: 500 },
  { ...{ type: "manifest.pushed", upstream: "docker.io", digest: "sha256:1" }, size: 70, tags: [] },
  ended("blob.get", "ok", 10_000),
  ended("blob.get", "DIGEST_MISMATCH", undefined),
  { type: "blob.verified", upstream: "docker.io", digest: "sha256:1", size: 5_000 },
  { type: "blob.rejected", upstream: "docker.io", digest: "sha256:1", code: "DIGEST_MISMATCH" },
  { type: "upload.finished", ...UPLOAD, outcome: "uploaded", size: 9, sentBytes: 12, chunks: 1 },
  { type: "upload.failed", ...UPLOAD, code: "UPLOAD_FAILED" },
  { type: "rate_limit.seen", upstream: "docker.io", limit: 200, remaining: 17, resetAt: 1 },
  { type: "token.fetched", ...TOKEN, anonymous: true, lifetimeSeconds: 300 },
  { type: "circuit.opened", upstream: "docker.io", origin: "https://a.test", retryAt: 1 },
  { type: "circuit.half_opened", upstream: "docker.io", origin: "https://b.test" },
  {
    ...{ type: "vulnerabilities.seen", upstream: "docker.io", digest: "sha256:1" },
    ...{ critical: 1, high: 2, medium: 3, low: 4, unknown: 5 },
  },
];

function ended(
  name: "blob.get",
  outcome: "ok" | "DIGEST_MISMATCH",
  size: number | undefined,
): TidegateEvent {
  const facts = { operation: 1, name, upstream: "docker.io", milliseconds: 5 };
  return { type: "operation.ended", ...facts, outcome, size };
}

function textOf(events: readonly TidegateEvent[], namespace?: "ghcr"): string {
  const metrics = prometheusMetrics();
  const observer = metricsObserver(metrics, { namespace });
  for (const event of events) observer(event);
  return metrics.text();
}

describe("metricsObserver() into prometheusMetrics()", () => {
  const lines = textOf(EVENTS).split("\n");

  it.each([
    'docker_requests_total{method="GET",endpoint="manifest",status="200"} 1',
    'docker_requests_total{method="HEAD",endpoint="manifest",status="404"} 1',
    'docker_requests_total{method="GET",endpoint="manifest",status="error"} 2',
    'docker_request_duration_seconds_bucket{method="GET",endpoint="manifest",le="0.05"} 2',
    'docker_request_duration_seconds_bucket{method="GET",endpoint="manifest",le="0.25"} 3',
    'docker_request_duration_seconds_bucket{method="GET",endpoint="manifest",le="30"} 4',
    'docker_request_duration_seconds_bucket{method="GET",endpoint="manifest",le="+Inf"} 5',
    'docker_request_duration_seconds_sum{method="GET",endpoint="manifest"} 90.124',
    'docker_request_duration_seconds_count{method="GET",endpoint="manifest"} 5',
    "docker_manifests_pulled_total 1",
    "docker_manifests_pushed_total 1",
    "docker_blobs_downloaded_total 2",
    'docker_blobs_uploaded_total{outcome="uploaded"} 1',
    'docker_blobs_uploaded_total{outcome="failed"} 1',
    "docker_bytes_downloaded_total 15500",
    "docker_bytes_uploaded_total 82",
    "docker_rate_limit_remaining 17",
    "docker_rate_limit_limit 200",
    "docker_token_refreshes_total 1",
    "docker_auth_failures_total 2",
    "docker_digest_mismatches_total 2",
    "docker_circuit_state 2",
    'docker_vulnerabilities{severity="critical"} 1',
    'docker_vulnerabilities{severity="unknown"} 5',
    'docker_errors_total{error_type="RATE_LIMITED"} 1',
    'docker_errors_total{error_type="NETWORK_TIMEOUT"} 1',
    'docker_errors_total{error_type="DIGEST_MISMATCH"} 2',
  ])("says %s", (line) => {
    expect(lines).toContain(line);
  });

  it("has every metric of the table, with help, type and just its labels", () => {
    for (const [name, { type, help, labels }] of Object.entries(METRICS)) {
      expect(lines).toContain(`# HELP docker_${name} ${help}`);
      expect(lines).toContain(`# TYPE docker_${name} ${type}`);
      const suffix = type === "histogram" ? "_count" : "";
      const line = lines.find((one) => new RegExp(`^docker_${name}${suffix}[ {]`).test(one)) ?? "";
      expect([...line.matchAll(/(\w+)="/g)].map(([, label]) => label), name).toEqual(labels);
    }
  });

  it("has the buckets of the documents", () => {
    const bounds = lines.filter((line) => line.includes('_bucket{method="GET"'))
      .map((line) => /le="([^"]+)"/.exec(line)?.[1]);
    expect(bounds).toEqual(["0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "+Inf"]);
  });

  it("counts neither a 404 to HEAD nor an abort as an error", () => {
    expect(textOf(EVENTS)).not.toMatch(/error_type="(?:NOT_FOUND|ABORTED)"/);
  });

  it("lets a circuit close again", () => {
    const closed: TidegateEvent[] = ["https://a.test", "https://b.test"].map((origin) => ({
      type: "circuit.closed",
      upstream: "docker.io",
      origin,
    }));
    expect(textOf([...EVENTS, ...closed])).toContain("docker_circuit_state 0\n");
  });

  it.each([
    ["docker.io", "docker"],
    ["hub", "docker"],
    ["index.docker.io", "docker"],
    ["registry-1.docker.io", "docker"],
    ["hub.docker.com", "docker"],
    ["docker.com", "tidegate"],
    ["ghcr.io", "ghcr"],
    ["api.github.com", "ghcr"],
    ["registry.example.com", "tidegate"],
  ])("files the upstream %s under %s", (upstream, namespace) => {
    const metrics = prometheusMetrics();
    const event = {
      type: "rate_limit.seen",
      upstream,
      limit: 1,
      remaining: 1,
      resetAt: 1,
    } as const;
    metricsObserver(metrics)(event);
    expect(metrics.text()).toContain(`${namespace}_rate_limit_limit 1`);
  });

  it("tells the parts of a vendor's API apart", () => {
    const facts = { ...FACTS, kind: "api", method: "GET" } as const;
    const text = textOf([
      { type: "request.answered", ...facts, endpoint: "tags", status: 200, milliseconds: 1 },
      {
        type: "request.failed",
        ...facts,
        endpoint: "search",
        code: "NETWORK_ERROR",
        milliseconds: 1,
      },
      { type: "request.answered", ...facts, status: 200, milliseconds: 1 },
      // the registry's own endpoints have no parts
      { type: "request.answered", ...FACTS, endpoint: "login", status: 200, milliseconds: 1 },
    ]);
    const endpoints = [...text.matchAll(/requests_total\{method="GET",endpoint="([^"]+)"/g)];
    expect(endpoints.map(([, endpoint]) => endpoint)).toEqual([
      ...["api-tags", "api-search", "api", "manifest"],
    ]);
  });

  it("takes one namespace for all", () => {
    expect(textOf(EVENTS, "ghcr")).not.toContain("docker_");
  });

  it("keeps labels bounded, whatever status a registry answers", () => {
    const statuses = Array.from({ length: 800 }, (_, i) => 200 + i);
    const text = textOf(
      statuses.map((status) => ({ type: "request.answered", ...FACTS, status, milliseconds: 1 })),
    );
    expect(text.split("\n").filter((line) => line.startsWith("docker_requests_total")).length)
      .toBeLessThan(90);
  });
});

/** The grammar of the exposition format, version 0.0.4. */
const LINE =
  /^(?:# (?:HELP|TYPE) [a-z_]+ .*|[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\n"])*")*\})? [\d.e+-]+)?$/;

describe("prometheusMetrics()", () => {
  it("keeps to the grammar, whatever a label holds", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
      const metrics = prometheusMetrics();
      metrics.add("docker_errors_total", { error_type: value }, 1);
      metrics.record("docker_request_duration_seconds", { method: value, endpoint: "blob" }, 0.2);
      for (const line of metrics.text().split("\n")) expect(line).toMatch(LINE);
    }));
  });

  it("has a bound on the series of a metric, and no counter goes down", () => {
    const metrics = prometheusMetrics();
    for (let i = 0; i < 5000; i++) metrics.add("x_errors_total", { error_type: `${i}` }, 1);
    metrics.add("x_errors_total", { error_type: "0" }, -5);
    expect(metrics.text().split("\n").length).toBe(2003);
    expect(metrics.text()).toContain('{error_type="0"} 1\n');
  });
});

describe("analyticsEngineMetrics()", () => {
  it("writes a point for each measurement", () => {
    const points: unknown[] = [];
    const sink = analyticsEngineMetrics({ writeDataPoint: (point) => void points.push(point) });
    const observer = metricsObserver(sink);
    for (const event of EVENTS.slice(0, 1)) observer(event);
    expect(points).toEqual([
      {
        indexes: ["docker_requests_total"],
        blobs: ["add", "endpoint=manifest", "method=GET", "status=200"],
        doubles: [1],
      },
      {
        indexes: ["docker_request_duration_seconds"],
        blobs: ["record", "endpoint=manifest", "method=GET"],
        doubles: [0.12],
      },
    ]);
  });
});
