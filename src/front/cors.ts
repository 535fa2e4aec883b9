const EXPOSED = [
  "accept-ranges",
  "content-length",
  "content-range",
  "docker-content-digest",
  "docker-distribution-api-version",
  "etag",
  "link",
  "oci-filters-applied",
  "oci-namespace",
  "retry-after",
  "tidegate-verification",
  "warning",
  "www-authenticate",
].join(", ");

const PREFLIGHT_SECONDS = 600;

/**
 * The CORS headers of an answer; none for origins that the configuration does not list.
 *
 * Never `Access-Control-Allow-Credentials`: browsers then attach no cookie and no stored password.
 * A page sends `Authorization` by itself, which the preflight allows.
 *
 * @param origins Configured origins; `*` for any.
 * @param origin The request's `Origin`.
 */
export function corsHeaders(
  origins: readonly string[],
  origin: string | null,
): Readonly<Record<string, string>> {
  if (origin === null || !allows(origins, origin)) return {};
  return {
    "access-control-allow-origin": origins.includes("*") ? "*" : origin,
    "access-control-expose-headers": EXPOSED,
  };
}

/** What a preflight adds to {@linkcode corsHeaders}. */
export function preflightHeaders(
  origins: readonly string[],
  origin: string | null,
): Readonly<Record<string, string>> {
  if (origin === null || !allows(origins, origin)) return {};
  return {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "authorization, accept, range, if-range",
    "access-control-max-age": String(PREFLIGHT_SECONDS),
  };
}

function allows(origins: readonly string[], origin: string): boolean {
  return origins.includes("*") || origins.includes(origin);
}
