import type { RegistryRequest, RegistryResponse } from "../core/mod.ts";
import { listTagsRequest, readTagsPage } from "../distribution/mod.ts";
import type { Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { linkedRequest, type Page, readPages } from "./pages.ts";
import { responseFailure } from "./response_failure.ts";

/** How tags are listed. */
export interface ListTagsOptions extends CallOptions {
  /** Tags per page. Default is what the registry's profile says, mostly 1000. */
  readonly pageSize?: number | undefined;
  /** Start after this tag. */
  readonly last?: string | undefined;
}

/**
 * List the tags of a repository, page by page as they are consumed (end-8).
 *
 * Follows `Link`; where a full page comes without one, asks on with `last`, as some registries
 * know only that. Tags come in the registry's order, each once for each time it is sent.
 *
 * @throws {TidegateError} NOT_FOUND, ORIGIN_NOT_TRUSTED (a page elsewhere), LIMIT_EXCEEDED,
 * INVALID_RESPONSE, or what else the registry answers: all while iterating.
 */
export async function* listTags(
  context: ClientContext,
  ref: Pick<Reference, "registry" | "repository">,
  options: ListTagsOptions = {},
): AsyncGenerator<string, void> {
  const { clock, limits } = context.settings;
  const connection = context.connect(ref);
  const n = options.pageSize ?? connection.upstream.profile.tagPageSize;
  const ask = (last: string | undefined): RegistryRequest =>
    listTagsRequest(connection.target, { n, last, signal: options.signal });
  const accept = async (response: RegistryResponse): Promise<boolean> => {
    if (response.status === 200) return true;
    throw await responseFailure(response, ref.repository, clock, options.signal);
  };
  let before: string | undefined;
  const read = (page: Page): { items: readonly string[]; next: RegistryRequest | undefined } => {
    const { tags, next } = readTagsPage(page.bytes, page.response.headers, page.url);
    // one that knows no `last` sends the same page again: that is the end, not a circle
    const isRepeated = tags.length > 0 && tags.at(-1) === before;
    before = tags.at(-1);
    if (isRepeated) return { items: [], next: undefined };
    if (next !== undefined) {
      return {
        items: tags,
        next: linkedRequest(context, connection, ask(undefined), page.url, next),
      };
    }
    return { items: tags, next: n > 0 && tags.length === n ? ask(before) : undefined };
  };
  const pages = readPages(context, connection, ask(options.last), limits.pageBytes, accept, read);
  for await (const tags of pages) yield* tags;
}
