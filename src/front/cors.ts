import type { FrontDoorSettings } from "../settings/mod.ts";
import { someoneMay } from "./access.ts";
import type { Answer } from "./answer.ts";

const EXPOSED = [
  "accept-ranges",
  "content-length",
  "content-range",
  "docker-content-digest",
  "docker-distribution-api-version",
  "etag",
  "link",
  "location",
  "oci-chunk-max-length",
  "oci-chunk-min-length",
  "oci-filters-applied",
  "oci-namespace",
  "oci-subject",
  "oci-tag",
  "range",
  "retry-after",
  "tidegate-verification",
  "www-authenticate",
].join(", ");

const PREFLIGHT_SECONDS = 600;
const READING = "GET, HEAD";
const READING_HEADERS = "authorization, accept, range, if-range, user-agent";
const PUSHING = "POST, PATCH, PUT";
const PUSHING_HEADERS = "content-type, content-range, if-match, if-none-match";

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

/**
 * Answer a preflight. What it allows is the same for every path, nobody's name goes with one: writing,
 * where some rule allows it to someone. For unlisted origins nothing.
 */
export function preflightAnswer(
  request: Request,
  { cors: { origins }, access }: FrontDoorSettings,
): Answer {
  const origin = request.headers.get("origin");
  const mayPush = someoneMay(access, "push");
  const mayDelete = mayPush || someoneMay(access, "delete"); // a push deletes what it gives up
  const headers: Readonly<Record<string, string>> = origin === null || !allows(origins, origin)
    ? { allow: "GET, HEAD, OPTIONS" }
    : {
      "access-control-allow-methods": listed(READING, mayPush && PUSHING, mayDelete && "DELETE"),
      "access-control-allow-headers": listed(READING_HEADERS, mayPush && PUSHING_HEADERS),
      "access-control-max-age": String(PREFLIGHT_SECONDS),
    };
  return { status: 204, headers, body: null, length: undefined };
}

function listed(...parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(", ");
}

function allows(origins: readonly string[], origin: string): boolean {
  return origins.includes("*") || origins.includes(origin);
}
