import { excerpt } from "../core/mod.ts";

/** Query keys whose values are shown. Anything not listed is hidden: new secrets are hidden by default. */
const SHOWN_QUERY_KEY =
  /^(?:n|last|ns|page|page_size|service|scope|digest|mount|from|artifactType|client_id)$/;

const HIDDEN = "[hidden]";

/**
 * A URL fit for a log: origin and path, and of the query only what is known to be harmless. User
 * name, password, fragment and every other query value are left out.
 *
 * @param url Absolute or not; what is no http(s) URL is shown as its scheme at most.
 */
export function redactUrl(url: string | URL): string {
  if (!URL.canParse(url)) return "[no URL]";
  const parsed = new URL(url);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return `${excerpt(parsed.protocol, 32)}${HIDDEN}`;
  }
  const query = redactQuery(parsed.searchParams);
  return excerpt(`${parsed.origin}${parsed.pathname}${query}`, 512);
}

function redactQuery(parameters: URLSearchParams): string {
  const shown: string[] = [];
  let hidden = false;
  for (const [key, value] of parameters) {
    if (SHOWN_QUERY_KEY.test(key)) shown.push(`${key}=${encodeURI(value)}`);
    else hidden = true; // the key too: "?s3cr3t" is a key without a value
  }
  if (hidden) shown.push(HIDDEN);
  return shown.length === 0 ? "" : `?${shown.join("&")}`;
}
