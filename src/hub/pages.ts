import { isTidegateError, MAX_PAGES, type ReadJson } from "../core/mod.ts";
import { readListing } from "../rest/mod.ts";
import type { ApiAnswer, ApiCall, HubApi } from "./api.ts";
import { hubAnswer, readEntries } from "./fields.ts";

const { readObject, readOptional, readString } = hubAnswer;

/**
 * Walk through the pages of a listing: `{count, next, results}`. A page is fetched when it is read.
 *
 * `next` stays on the API's origin. A page past the end is 404 there; that is the end.
 *
 * @param read Reads one entry.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for a page elsewhere, INVALID_RESPONSE for one that was
 * read already, LIMIT_EXCEEDED after 1000 pages, and what the call throws: all while iterating.
 */
export function readHubPages<T>(
  api: HubApi,
  first: ApiCall,
  read: ReadJson<T>,
): AsyncGenerator<T, void> {
  return readListing(api, first.url, MAX_PAGES, async (url) => {
    const answer = await readPage(api, { ...first, url }, url !== first.url);
    if (answer === undefined) return undefined;
    const page = readObject(answer.body, "page");
    const items = readEntries(page["results"], "results", read);
    const next = readOptional(page, "next", "page", readString);
    return { items, next: next === "" ? undefined : next };
  });
}

/** Undefined for a further page that is not there. */
async function readPage(
  api: HubApi,
  call: ApiCall,
  isFurther: boolean,
): Promise<ApiAnswer | undefined> {
  try {
    return await api.call(call);
  } catch (error) {
    if (isFurther && isTidegateError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
