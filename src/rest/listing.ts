import { walkPages } from "../distribution/mod.ts";
import { askOrigin, type OriginPolicy } from "../transport/mod.ts";

/** One page of an API's listing. */
export interface ListedPage<T> {
  readonly items: readonly T[];
  /** Where the next one is, as the answer has it; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * The entries of a listing, page by page as they are consumed. The pages stay on the API's origin.
 *
 * @param first URL of the first page.
 * @param maximum Most pages read.
 * @param read Reads one page; undefined ends the listing.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for a page elsewhere, before the entries of the page that
 * leads there; LIMIT_EXCEEDED where there are more pages; INVALID_RESPONSE for one that was read
 * already; what `read` throws: all while iterating.
 */
export async function* readListing<T>(
  policy: OriginPolicy,
  first: string,
  maximum: number,
  read: (url: string) => Promise<ListedPage<T> | undefined>,
): AsyncGenerator<T, void> {
  const pages = walkPages({ url: first }, maximum, async ({ url }) => {
    const page = await read(url);
    if (page === undefined) return undefined;
    const { items, next } = page;
    return { items, next: next === undefined ? next : askOrigin(policy, "link", url, next) };
  });
  for await (const { items } of pages) yield* items;
}
