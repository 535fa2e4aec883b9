import { isTidegateError, type Json, MAX_PAGES, TidegateError } from "../core/mod.ts";
import { askOrigin } from "../transport/mod.ts";
import type { ApiAnswer, ApiCall, HubApi } from "./api.ts";
import { invalidAnswer, optional, readList, readObject, readString } from "./fields.ts";

/**
 * Walk through the pages of a listing: `{count, next, results}`. A page is fetched when it is read.
 *
 * `next` stays on the API's origin. A page past the end is 404 there; that is the end.
 *
 * @param read Reads one entry.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for a page elsewhere, INVALID_RESPONSE for one that was
 * read already, LIMIT_EXCEEDED after 1000 pages, and what the call throws: all while iterating.
 */
export async function* readHubPages<T>(
  api: HubApi,
  first: ApiCall,
  read: (entry: Json, part: string) => T,
): AsyncGenerator<T, void> {
  const seen = new Set<string>();
  for (let url: string | undefined = first.url; url !== undefined;) {
    if (seen.has(url)) throw invalidAnswer("next", "must not lead back to a page that was read");
    if (seen.size === MAX_PAGES) throw tooMany();
    const answer: ApiAnswer | undefined = await readPage(api, { ...first, url }, seen.size > 0);
    if (answer === undefined) return;
    seen.add(url);
    const page = readObject(answer.body, "page");
    const items = readList(page["results"], "results", read);
    const next = optional(page, "next", "page", readString);
    url = next === undefined || next === "" ? undefined : askOrigin(api, "link", url, next).url;
    yield* items;
  }
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

function tooMany(): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError("LIMIT_EXCEEDED", `The listing has more than ${MAX_PAGES} pages`, {
    limit: "pages",
    maximum: MAX_PAGES,
  });
}
