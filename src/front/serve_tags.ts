import { encodeUtf8, MAX_TAGS_BODY_BYTES } from "../core/mod.ts";
import { listTagsRequest, readTagsPage } from "../distribution/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { ask, readSmall } from "./exchange.ts";
import { pageLink } from "./page_link.ts";
import { forwardedQuery, isPageSize, withQuery } from "./query.ts";

/** GET or HEAD of a page of tags, under the door's name of the repository and with its own `Link`. */
export async function serveTags(door: DoorRequest): Promise<Answer> {
  const { url, target, name, selection } = door;
  const query = forwardedQuery(url.searchParams);
  if (query === undefined) return refuse("badQuery");
  if (!isPageSize(query.get("n"))) return refuse("badPagination");
  const plain = listTagsRequest(target, { signal: door.request.signal });
  const request = withQuery(
    plain,
    clampPageSize(query, selection.upstream.upstream.profile.tagPageSize),
  );
  const response = await ask(door, request, target.repository);
  const bytes = await readSmall(door, response, "page of tags", MAX_TAGS_BODY_BYTES);
  const { tags, next } = readTagsPage(bytes, response.headers, request.url);
  const link = pageLink(door, `/v2/${name}/tags/list`, request.url, next);
  return bytesAnswer(
    200,
    { "content-type": "application/json", ...link },
    encodeUtf8(JSON.stringify({ name, tags })),
  );
}

/** Some registries refuse a page size above their own largest instead of using that. */
function clampPageSize(query: URLSearchParams, largest: number): URLSearchParams {
  const n = query.get("n");
  if (n !== null && Number(n) > largest) query.set("n", String(largest));
  return query;
}
