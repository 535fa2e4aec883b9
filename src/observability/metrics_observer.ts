import type { ErrorCode } from "../core/mod.ts";
import type { RequestFacts, TidegateEvent } from "./event.ts";
import type { Labels, MetricName, Metrics } from "./metrics.ts";
import type { Observer } from "./observe.ts";

/** What stands before a metric's name. */
export type MetricNamespace = "docker" | "ghcr" | "tidegate";

/** Options of {@linkcode metricsObserver}. */
export interface MetricsObserverOptions {
  /**
   * One namespace for all, or one for each upstream by its name. Default is `docker` for Docker Hub
   * (`hub`, `docker.io`) and its API, `ghcr` for GitHub's registry (`ghcr`, `ghcr.io`) and GitHub's
   * API, else `tidegate`.
   */
  readonly namespace?: MetricNamespace | ((upstream: string) => MetricNamespace) | undefined;
}

type EventOf<Type extends TidegateEvent["type"]> = TidegateEvent & { readonly type: Type };

type Handlers = {
  readonly [T in TidegateEvent["type"]]?: (event: EventOf<T>, meter: Meter) => void;
};

/** The metrics of one namespace. */
interface Meter {
  add(name: MetricName, labels?: Labels, amount?: number): void;
  set(name: MetricName, value: number | undefined, labels?: Labels): void;
  record(name: MetricName, labels: Labels, value: number): void;
  /** By origin, how closed its circuit is. */
  readonly circuits: Map<string, number>;
}

/** An observer that makes measurements of events. Labels are bounded, whatever registries answer. */
export function metricsObserver(metrics: Metrics, options: MetricsObserverOptions = {}): Observer {
  const { namespace = namespaceOf } = options;
  const meters = new Map<string, Meter>();
  return (event) => {
    const upstream = "upstream" in event ? event.upstream : "";
    const name = typeof namespace === "string" ? namespace : namespace(upstream);
    const meter = meters.get(name) ?? createMeter(metrics, name);
    meters.set(name, meter);
    const handle = HANDLERS[event.type] as
      | ((event: TidegateEvent, meter: Meter) => void)
      | undefined;
    handle?.(event, meter);
  };
}

function namespaceOf(upstream: string): MetricNamespace {
  if (/^(?:hub|scout|hub\.docker\.com|(?:(?:index|registry-1)\.)?docker\.io)$/.test(upstream)) {
    return "docker";
  }
  return /^(?:ghcr(?:\.io)?|api\.github\.com)$/.test(upstream) ? "ghcr" : "tidegate";
}

function createMeter(metrics: Metrics, namespace: string): Meter {
  const full = (name: MetricName): string => `${namespace}_${name}`;
  return {
    add: (name, labels = {}, amount = 1) => metrics.add(full(name), labels, amount),
    set(name, value, labels = {}): void {
      if (value !== undefined) metrics.set(full(name), labels, value);
    },
    record: (name, labels, value) => metrics.record(full(name), labels, value),
    circuits: new Map(),
  };
}

const HANDLERS: Handlers = {
  "request.answered": countAnswer,
  "request.failed": countFailure,
  "operation.ended": countOperation,
  "manifest.verified"({ size }, meter): void {
    meter.add("manifests_pulled_total");
    meter.add("bytes_downloaded_total", {}, size);
  },
  "manifest.pushed"({ size }, meter): void {
    meter.add("manifests_pushed_total");
    meter.add("bytes_uploaded_total", {}, size);
  },
  "manifest.rejected": ({ code }, meter) => countRejection(meter, code),
  "blob.verified": ({ size }, meter) => countBlob(meter, size),
  "blob.rejected": ({ code }, meter) => countRejection(meter, code),
  "upload.finished"({ outcome, sentBytes }, meter): void {
    meter.add("blobs_uploaded_total", { outcome });
    meter.add("bytes_uploaded_total", {}, sentBytes);
  },
  "upload.failed": (_, meter) => meter.add("blobs_uploaded_total", { outcome: "failed" }),
  "rate_limit.seen"({ limit, remaining }, meter): void {
    meter.set("rate_limit_limit", limit);
    meter.set("rate_limit_remaining", remaining);
  },
  "token.fetched": (_, meter) => meter.add("token_refreshes_total"),
  "circuit.opened": (event, meter) => setCircuit(meter, event.origin, 2),
  "circuit.half_opened": (event, meter) => setCircuit(meter, event.origin, 1),
  "circuit.closed": (event, meter) => setCircuit(meter, event.origin, 0),
  "vulnerabilities.seen"(event, meter): void {
    for (const severity of ["critical", "high", "medium", "low", "unknown"] as const) {
      meter.set("vulnerabilities", event[severity], { severity });
    }
  },
};

function countAnswer(event: EventOf<"request.answered">, meter: Meter): void {
  const { method, milliseconds, status } = event;
  const endpoint = endpointOf(event);
  meter.add("requests_total", { method, endpoint, status: statusLabel(status) });
  meter.record("request_duration_seconds", { method, endpoint }, milliseconds / 1000);
  const isMissing = status === 404 && method === "HEAD"; // an answer, not an error
  const code = isMissing ? undefined : codeOf(status);
  if (code !== undefined) meter.add("errors_total", { error_type: code });
  if (status === 401) meter.add("auth_failures_total");
}

/** Parts of a vendor's API are told apart: `api-tags`. */
function endpointOf({ kind, endpoint }: RequestFacts): string {
  return kind === "api" && endpoint !== undefined ? `${kind}-${endpoint}` : kind;
}

const AUTH_FAILURES: readonly string[] = [
  "UNAUTHORIZED",
  "FORBIDDEN",
  "TOKEN_EXPIRED",
  "CREDENTIALS",
];

function countFailure(event: EventOf<"request.failed">, meter: Meter): void {
  const { code, method, milliseconds } = event;
  const endpoint = endpointOf(event);
  if (code === "ABORTED") return; // the caller's wish
  meter.add("requests_total", { method, endpoint, status: "error" });
  meter.record("request_duration_seconds", { method, endpoint }, milliseconds / 1000);
  meter.add("errors_total", { error_type: code });
  if (AUTH_FAILURES.includes(code)) meter.add("auth_failures_total");
}

/** What of an operation is not told by its requests. */
function countOperation(event: EventOf<"operation.ended">, meter: Meter): void {
  const { name, outcome, size } = event;
  if (name === "blob.get" && outcome === "ok" && size !== undefined) countBlob(meter, size);
  if (outcome === "DIGEST_MISMATCH" || outcome === "BLOB_SIZE_MISMATCH") {
    countRejection(meter, outcome);
  }
}

function countBlob(meter: Meter, size: number): void {
  meter.add("blobs_downloaded_total");
  meter.add("bytes_downloaded_total", {}, size);
}

function countRejection(meter: Meter, code: ErrorCode): void {
  meter.add("errors_total", { error_type: code });
  if (code === "DIGEST_MISMATCH") meter.add("digest_mismatches_total");
}

const MAX_CIRCUITS = 256;

/** A closed circuit is as good as none that is known. */
function setCircuit(meter: Meter, origin: string, state: number): void {
  const { circuits } = meter;
  if (state === 0) circuits.delete(origin);
  else if (circuits.has(origin) || circuits.size < MAX_CIRCUITS) circuits.set(origin, state);
  meter.set("circuit_state", Math.max(0, ...circuits.values()));
}

/** Registries may answer any number: what HTTP has no name for is one label. */
function statusLabel(status: number): string {
  const isKnown = (status >= 200 && status <= 208) || (status >= 300 && status <= 308) ||
    (status >= 400 && status <= 451) || (status >= 500 && status <= 511);
  return isKnown ? String(status) : "other";
}

function codeOf(status: number): ErrorCode | undefined {
  if (status < 400) return undefined;
  if (status >= 500) return "SERVER_ERROR";
  return ({
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    429: "RATE_LIMITED",
  } as const)[
    status
  ] ?? "UNEXPECTED_RESPONSE";
}
