import type { Answer } from "./answer.ts";

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

/** Answer a preflight. What it allows is the same for every path; for unlisted origins nothing. */
export function preflightAnswer(request: Request, origins: readonly string[]): Answer {
  const origin = request.headers.get("origin");
  const headers: Readonly<Record<string, string>> = origin === null || !allows(origins, origin)
    ? { allow: "GET, HEAD, OPTIONS" }
    : {
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": "authorization, accept, range, if-range, user-agent",
      "access-control-max-age": String(PREFLIGHT_SECONDS),
    };
  return { status: 204, headers, body: null, length: undefined };
}

function allows(origins: readonly string[], origin: string): boolean {
  return origins.includes("*") || origins.includes(origin);
}
