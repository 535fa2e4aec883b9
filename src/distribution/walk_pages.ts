import { TidegateError } from "../core/mod.ts";

/** What asks for a page of a listing. */
export interface PageRequest {
  readonly url: string;
}

/** One page of a listing, and what asks for the next one. */
export interface LinkedPage<Request extends PageRequest> {
  readonly next: Request | undefined;
}

/**
 * Walk through the pages of a listing. A page is read when it is wanted, and none twice.
 *
 * @param maximum Most pages read.
 * @param read Reads one page; undefined ends the listing.
 * @throws {TidegateError} LIMIT_EXCEEDED where there are more; INVALID_RESPONSE for pages that lead
 * back to a former one; what `read` throws: all while iterating.
 */
export async function* walkPages<
  Request extends PageRequest,
  Page extends LinkedPage<Request>,
>(
  first: Request,
  maximum: number,
  read: (request: Request) => Promise<Page | undefined>,
): AsyncGenerator<Page, void> {
  const seen = new Set<string>();
  for (let request: Request | undefined = first; request !== undefined;) {
    if (seen.has(request.url)) throw goesRound(request.url);
    if (seen.size === maximum) throw tooMany(maximum);
    seen.add(request.url);
    const page: Page | undefined = await read(request);
    if (page === undefined) return;
    yield page;
    request = page.next;
  }
}

function goesRound(url: string): TidegateError<"INVALID_RESPONSE"> {
  const { origin, pathname } = new URL(url);
  return new TidegateError("INVALID_RESPONSE", `The pages of ${origin} go round in a circle`, {
    what: "Link",
    input: pathname.slice(0, 256),
    reason: "it leads back to a page that was read",
  });
}

function tooMany(maximum: number): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError("LIMIT_EXCEEDED", `The listing has more than ${maximum} pages`, {
    limit: "pages",
    maximum,
  });
}
