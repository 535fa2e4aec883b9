import { excerpt } from "../core/mod.ts";
import { redactUrl } from "./redact_url.ts";

/** Headers whose values are shown. All others appear by name alone. */
const SHOWN_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-ranges",
  "age",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "date",
  "docker-content-digest",
  "docker-distribution-api-version",
  "docker-ratelimit-source",
  "etag",
  "oci-chunk-min-length",
  "oci-filters-applied",
  "oci-subject",
  "oci-tag",
  "range",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
  "retry-after",
  "user-agent",
  "warning",
]);

/**
 * Headers fit for a log, names in lower case: `location` as {@linkcode redactUrl} shows it, other
 * values only where they are known to be harmless.
 */
export function redactHeaders(
  headers: Headers | Readonly<Record<string, string>>,
): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers.entries()] : Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => {
    const lower = name.toLowerCase();
    return [lower, redactHeader(lower, value)];
  }));
}

function redactHeader(name: string, value: string): string {
  if (name === "location") return redactUrl(value);
  return SHOWN_HEADERS.has(name) ? excerpt(value) : "[hidden]";
}
