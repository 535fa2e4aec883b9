import { type RegistryRequest, TidegateError } from "../core/mod.ts";

const MAX_PARAMETERS = 16;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 2048; // quay's next_page tokens are some hundred characters

/**
 * The query of a listing that goes on to the upstream: every parameter but `ns`, once each.
 * Registries page with tokens of their own, so unknown parameters are kept.
 *
 * @returns Undefined when a parameter is repeated, too long, or there are too many.
 */
export function forwardedQuery(parameters: URLSearchParams): URLSearchParams | undefined {
  const kept = new URLSearchParams();
  for (const [key, value] of parameters) {
    if (key === "ns") continue;
    if (kept.has(key) || key.length > MAX_KEY_LENGTH || value.length > MAX_VALUE_LENGTH) {
      return undefined;
    }
    kept.append(key, value);
  }
  return kept.size > MAX_PARAMETERS ? undefined : kept;
}

/** Whether `n`, if given, is a page size: digits, few enough to be a number. */
export function isPageSize(n: string | null): boolean {
  return n === null || /^[0-9]{1,9}$/.test(n);
}

/**
 * The door's own `Link` for the page after this one: the upstream's query under the door's path.
 * Of the upstream's URL nothing but the query survives.
 *
 * @param path The door's path of the listing.
 * @param next The upstream's URL of the next page.
 * @param namespace The `?ns=` in use, to be kept.
 * @throws {TidegateError} INVALID_RESPONSE for a query that callers could not send back: without a
 * link they would take this page for the last.
 */
export function nextLink(
  path: string,
  next: string,
  namespace: string | undefined,
): string {
  const query = forwardedQuery(new URL(next).searchParams);
  if (query === undefined) throw unusableLink();
  if (namespace !== undefined) query.append("ns", namespace);
  return `<${path}?${query}>; rel="next"`;
}

function unusableLink(): TidegateError<"INVALID_RESPONSE"> {
  const reason = "has a query that cannot be passed on";
  return new TidegateError("INVALID_RESPONSE", `The Link of a listing ${reason}`, {
    what: "Link",
    input: "",
    reason,
  });
}

/** The request with this query instead of its own. */
export function withQuery(request: RegistryRequest, query: URLSearchParams): RegistryRequest {
  const url = new URL(request.url);
  url.search = query.toString();
  return { ...request, url: url.href };
}
