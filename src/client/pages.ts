import { readResponse, type RegistryRequest, type RegistryResponse } from "../core/mod.ts";
import { walkPages } from "../distribution/mod.ts";
import { observe } from "../observability/mod.ts";
import { askOrigin } from "../transport/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { ClientContext } from "./context.ts";

/** One page of a listing: its answer, and its body in full. */
export interface Page {
  readonly response: RegistryResponse;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The URL that was asked, to resolve a `Link` against. */
  readonly url: string;
}

/** Reads one page: what it lists, and the request for the next one. */
export type ReadPage<T> = (
  page: Page,
) => { readonly items: readonly T[]; readonly next: RegistryRequest | undefined };

/**
 * Walk through the pages of a listing. No page is asked for twice, and no more than `limits.pages`.
 *
 * @param accept Judges an answer before its body is read: false ends the listing, and the body is
 * given up; what it throws is what the caller sees.
 * @throws {TidegateError} LIMIT_EXCEEDED; INVALID_RESPONSE for pages that lead back to a former one.
 */
export async function* readPages<T>(
  { operation, settings }: ClientContext,
  { send, upstream }: RepositoryConnection,
  first: RegistryRequest,
  maximum: number,
  accept: (response: RegistryResponse) => Promise<boolean>,
  read: ReadPage<T>,
): AsyncGenerator<readonly T[], void> {
  const { clock, limits, resume: { stallMs } } = settings;
  const pages = walkPages(first, limits.pages, async (request) => {
    const { signal, url } = request;
    const response = await send(request);
    if (!(await accept(response))) return undefined;
    const bytes = await readResponse(response, {
      what: "listing",
      maximum,
      clock,
      stallMs,
      signal,
    });
    const page = read({ response, bytes, url });
    const place = { upstream: upstream.name, request: response.id, operation };
    observe(settings.observer, { type: "page.read", ...place, items: page.items.length });
    return page;
  });
  for await (const { items } of pages) yield items;
}

/**
 * The request for the page that a `Link` names, if the origin policy lets it.
 *
 * @param link Absolute, or relative to `from`.
 * @throws {TidegateError} ORIGIN_NOT_TRUSTED for a page on another origin.
 */
export function linkedRequest(
  { settings: { observer } }: ClientContext,
  { upstream }: RepositoryConnection,
  request: RegistryRequest,
  from: string,
  link: string,
): RegistryRequest {
  return { ...request, url: askOrigin({ upstream, observer }, "link", from, link).url };
}
