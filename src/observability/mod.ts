/**
 * What happened, told without secrets: events, redaction, a console sink.
 *
 * In: events from every folder above. Out: lines, or whatever an observer makes of them. Next:
 * nothing; no behaviour depends on it.
 * @module
 */
export * from "./console_sink.ts";
export * from "./event.ts";
export * from "./observe.ts";
export * from "./redact_headers.ts";
export * from "./redact_url.ts";
