/**
 * What happened, told without secrets: events, redaction, logs, metrics, spans. The adapter for
 * OpenTelemetry is a subpath of its own: `observability/otel`.
 *
 * In: events from every folder above. Out: lines, measurements, spans, or whatever an observer makes
 * of them. Next: nothing; no behaviour depends on it.
 * @module
 */
export * from "./analytics_engine.ts";
export { consoleSink, type ConsoleSinkOptions, type LogLevel } from "./console_sink.ts";
export * from "./event.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./metrics_observer.ts";
export * from "./observe.ts";
export * from "./prometheus.ts";
export * from "./redact.ts";
export * from "./redact_headers.ts";
export * from "./redact_url.ts";
export * from "./spans.ts";
