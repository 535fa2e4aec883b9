/** Labels of one measurement. Their values come from closed lists. */
export type Labels = Readonly<Record<string, string>>;

/** Where measurements go: a text that Prometheus collects, a data set, whatever fits. */
export interface Metrics {
  /** Add to a counter. */
  add(name: string, labels: Labels, amount: number): void;
  /** Set a gauge. */
  set(name: string, labels: Labels, value: number): void;
  /** Put one value into a histogram. */
  record(name: string, labels: Labels, value: number): void;
}

/** One line of {@linkcode METRICS}. */
export interface MetricDefinition {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Upper bounds of the buckets of request durations, in seconds. */
export const DURATION_BUCKETS: readonly number[] = [.05, .1, .25, .5, 1, 2.5, 5, 10, 30];

/** The metrics there are. */
export type MetricName =
  | "requests_total"
  | "request_duration_seconds"
  | "manifests_pulled_total"
  | "manifests_pushed_total"
  | "blobs_downloaded_total"
  | "blobs_uploaded_total"
  | "bytes_downloaded_total"
  | "bytes_uploaded_total"
  | "rate_limit_remaining"
  | "rate_limit_limit"
  | "token_refreshes_total"
  | "auth_failures_total"
  | "digest_mismatches_total"
  | "circuit_state"
  | "vulnerabilities"
  | "errors_total";

/** All metrics, by their name without the namespace. */
export const METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  requests_total: {
    type: "counter",
    help: "Requests to registries",
    labels: ["method", "endpoint", "status"],
  },
  request_duration_seconds: {
    type: "histogram",
    help: "Time until the final headers of a request, retries included",
    labels: ["method", "endpoint"],
  },
  manifests_pulled_total: { type: "counter", help: "Manifests pulled and verified", labels: [] },
  manifests_pushed_total: { type: "counter", help: "Manifests pushed", labels: [] },
  blobs_downloaded_total: { type: "counter", help: "Blobs pulled and verified", labels: [] },
  blobs_uploaded_total: {
    type: "counter",
    help: "Pushes of blobs, by how they ended",
    labels: ["outcome"],
  },
  bytes_downloaded_total: {
    type: "counter",
    help: "Bytes of verified manifests and blobs",
    labels: [],
  },
  bytes_uploaded_total: {
    type: "counter",
    help: "Bytes of pushed manifests and blobs, those sent again included",
    labels: [],
  },
  rate_limit_remaining: {
    type: "gauge",
    help: "Pulls left in the window, as the registry last said",
    labels: [],
  },
  rate_limit_limit: {
    type: "gauge",
    help: "Pulls per window, as the registry last said",
    labels: [],
  },
  token_refreshes_total: { type: "counter", help: "Tokens fetched", labels: [] },
  auth_failures_total: {
    type: "counter",
    help: "Requests refused for want of a valid credential",
    labels: [],
  },
  digest_mismatches_total: {
    type: "counter",
    help: "Content that was not what its digest says",
    labels: [],
  },
  circuit_state: {
    type: "gauge",
    help: "Worst circuit: 0 closed, 1 half-open, 2 open",
    labels: [],
  },
  vulnerabilities: {
    type: "gauge",
    help: "Known vulnerabilities of the image looked at last",
    labels: ["severity"],
  },
  errors_total: { type: "counter", help: "Failures by code", labels: ["error_type"] },
};
