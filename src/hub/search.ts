import type { CallOptions } from "../client/mod.ts";
import { type Json, MAX_PAGES } from "../core/mod.ts";
import { assertPageSize, withQuery } from "../rest/mod.ts";
import type { HubApi } from "./api.ts";
import { hubAnswer, readCount, readEntries, readFlag, readName } from "./fields.ts";

const { readDate, readObject, readOptional, readString } = hubAnswer;

/** What is searched, and how. */
export interface SearchOptions extends CallOptions {
  /** Results per request, 1 to 100. Default is 25. */
  readonly pageSize?: number | undefined;
  /** Only with one of these badges. */
  readonly badges?: readonly ("official" | "verified_publisher" | "open_source")[] | undefined;
  /** `image`, `plugin`, `extension`… */
  readonly type?: string | undefined;
  /** Only for one of these: `amd64`, `arm64`… */
  readonly architectures?: readonly string[] | undefined;
  /** Only for one of these: `linux`, `windows`. */
  readonly operatingSystems?: readonly string[] | undefined;
  /** Default is by how well it fits. */
  readonly sort?: "pull_count" | "updated_at" | undefined;
  readonly order?: "asc" | "desc" | undefined;
}

/** One thing found. All texts are of whoever owns it. */
export interface SearchResult {
  /** As in a reference: `nginx`, `acme/app`. */
  readonly name: string;
  /** `image`, `plugin`… */
  readonly type: string | undefined;
  readonly description: string | undefined;
  /** Name of the publisher. */
  readonly publisher: string | undefined;
  /** `official`, `verified_publisher`, `open_source`, or something newer. */
  readonly badge: string | undefined;
  readonly stars: number | undefined;
  readonly pulls: number | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number | undefined;
  readonly architectures: readonly string[];
  readonly operatingSystems: readonly string[];
  readonly isArchived: boolean;
}

const MAX_PAGE_SIZE = 100;

/**
 * Search Docker Hub, page by page as the results are consumed (`/api/search/v4`, which Docker's own
 * clients use and its documentation leaves out).
 *
 * @throws {TidegateError} RATE_LIMITED, INVALID_RESPONSE…, while iterating.
 * @throws {TypeError} For an empty query, or a page size out of range.
 */
export async function* searchHub(
  api: HubApi,
  query: string,
  options: SearchOptions = {},
): AsyncGenerator<SearchResult, void> {
  if (query.trim() === "") throw new TypeError("There is nothing to search for");
  const size = assertPageSize(options.pageSize ?? 25, MAX_PAGE_SIZE);
  for (let page = 0; page < MAX_PAGES; page++) {
    const from = page * size;
    const url = withQuery(`${api.upstream.origin}/api/search/v4`, {
      query,
      from,
      size,
      badges: options.badges?.join(","),
      type: options.type,
      architectures: options.architectures?.join(","),
      operating_systems: options.operatingSystems?.join(","),
      sort: options.sort,
      order: options.order,
    });
    const { body } = await api.call({ url, what: "the search", signal: options.signal });
    const fields = readObject(body, "search");
    const total = readCount(fields["total"], "search.total");
    const results = readEntries(fields["results"], "results", readResult);
    yield* results;
    if (results.length === 0 || from + results.length >= total) return;
  }
}

function readResult(value: Json, part: string): SearchResult {
  const fields = readObject(value, part);
  return {
    name: readName(fields["slug"] ?? fields["name"], `${part}.slug`),
    type: readOptional(fields, "type", part, readString),
    description: readOptional(fields, "short_description", part, readString),
    publisher: readOptional(fields, "publisher", part, readPublisher),
    badge: readOptional(fields, "badge", part, readString),
    stars: readOptional(fields, "star_count", part, readCount),
    pulls: readOptional(fields, "pull_count", part, readRoundedCount),
    createdAt: readOptional(fields, "created_at", part, readDate),
    updatedAt: readOptional(fields, "updated_at", part, readDate),
    architectures: readEntries(fields["architectures"], `${part}.architectures`, readLabelled),
    operatingSystems: readEntries(fields["operating_systems"], `${part}.os`, readLabelled),
    isArchived: readOptional(fields, "archived", part, readFlag) ?? false,
  };
}

function readPublisher(value: Json, part: string): string | undefined {
  return readOptional(readObject(value, part), "name", part, readString);
}

function readLabelled(value: Json, part: string): string {
  return readString(readObject(value, part)["name"], `${part}.name`);
}

/** A number, or a text like `1B+` or `500M+`, which counts as what it says at least. */
function readRoundedCount(value: Json, part: string): number {
  const match = typeof value === "string" ? /^(\d{1,4})([KMB])\+?$/.exec(value) : null;
  if (match === null) return readCount(value, part);
  return Number(match[1]) * ({ K: 1e3, M: 1e6, B: 1e9 }[match[2] ?? ""] ?? 1);
}
