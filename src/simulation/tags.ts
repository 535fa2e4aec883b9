import { errorReply } from "./error_body.ts";
import { absent, invalidName } from "./manifests.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange } from "./registry_state.ts";

/** end-8: the tags of a repository in ASCII order, a page at a time. */
export function listTags(exchange: Exchange): Reply {
  const { state, name, url } = exchange;
  const invalid = invalidName(name);
  if (invalid) return invalid;
  const repository = state.repositories.get(name);
  if (repository === undefined) return absent(exchange, "NAME_UNKNOWN");
  const asked = pageSize(exchange);
  if (typeof asked !== "number") return asked;
  const rest = tagsAfter(exchange, [...repository.tags.keys()], url.searchParams.get("last"));
  const tags = rest.slice(0, asked);
  const next = tags.length > 0 && tags.length < rest.length ? nextLink(exchange, tags) : undefined;
  return jsonReply(200, { name, tags }, next === undefined ? [] : [["link", next]]);
}

/** How many to send: `n` cut to the registry's page, or the error for a bad `n`. */
export function pageSize({ state, url }: Exchange): number | Reply {
  const { pageSize: largest, quirks } = state.settings;
  const text = url.searchParams.get("n");
  if (text === null) return largest;
  const n = Number(text);
  const limit = quirks.largestPage ?? Infinity;
  if (!/^\d+$/.test(text) || n > limit) {
    return errorReply("PAGINATION_NUMBER_INVALID", "The page size is not valid here", {
      detail: { n: text },
    });
  }
  return Math.min(n, largest);
}

function tagsAfter({ state }: Exchange, tags: string[], last: string | null): string[] {
  if (state.settings.quirks.unsortedTags) {
    return last === null ? tags : tags.slice(tags.indexOf(last) + 1);
  }
  return tags.sort(asciiOrder).filter((tag) => last === null || tag > last);
}

function asciiOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nextLink({ state, url }: Exchange, tags: readonly string[]): string {
  const next = new URLSearchParams(url.search);
  next.set("n", String(tags.length));
  next.set("last", tags.at(-1) ?? "");
  const base = state.settings.quirks.absoluteLink ? state.address : "";
  return `<${base}${url.pathname}?${next}>; rel="next"`;
}
