import type { CallOptions, TagOperations } from "../client/mod.ts";
import type { ReadJson } from "../core/mod.ts";
import { parseTag, type Reference } from "../reference/mod.ts";
import { assertPageSize, withQuery } from "../rest/mod.ts";
import type { HubApi } from "./api.ts";
import { hubAnswer } from "./fields.ts";
import { formatHubName, type HubName, parseHubName, type RepositoryLike } from "./hub_name.ts";
import { readHubPages } from "./pages.ts";
import { type HubTag, readTag } from "./tag.ts";

/** How tags are listed with their details. */
export interface ListTagDetailsOptions extends CallOptions {
  /** Tags per page, 1 to 100. Default is 100. */
  readonly pageSize?: number | undefined;
  /** Only those whose name contains it. */
  readonly name?: string | undefined;
}

/** Tags on Docker Hub: what the registry does with them, and what the Hub knows besides. */
export interface HubTagOperations extends TagOperations {
  /** A tag with its images, as the Hub knows it. No pull. */
  get(ref: Reference, options?: CallOptions): Promise<HubTag>;
  /** All tags with their images, newest first, page by page as they are consumed. No pulls. */
  details(repository: RepositoryLike, options?: ListTagDetailsOptions): AsyncIterable<HubTag>;
  /**
   * Delete the reference's tag through the Hub, as its registry deletes by digest alone. The manifest
   * stays. Not in Docker's documentation; its own clients do it so.
   *
   * @throws {TidegateError} NOT_FOUND; CREDENTIALS without a login; FORBIDDEN for a login that may
   * not, as a token without the right to delete.
   * @throws {TypeError} For a reference without a tag.
   */
  delete(ref: Reference, options?: CallOptions): Promise<void>;
}

const MAX_PAGE_SIZE = 100;

/** Tags of one API, beside those of the registry: see {@linkcode HubTagOperations}. */
export function tagOperations(api: HubApi, registry: TagOperations): HubTagOperations {
  const { origin } = api.upstream;
  return {
    list: registry.list,
    put: registry.put,
    async get(ref, { signal } = {}): Promise<HubTag> {
      const { at, tag, what } = tagAt(ref);
      const url = `${tagsOf(origin, at)}/${tag}`;
      const found = readTag((await api.call({ url, what, signal })).body);
      if (found.name === tag) return found;
      throw hubAnswer.invalid("tag", "must be the one that was asked for");
    },
    details: (repository, options) => listDetails(api, repository, options),
    async delete(ref, { signal } = {}): Promise<void> {
      const { at, tag, what } = tagAt(ref);
      const url = `${origin}/v2/repositories/${formatHubName(at)}/tags/${tag}/`;
      await api.call({ method: "DELETE", url, what, needsLogin: true, signal });
    },
  };
}

async function* listDetails(
  api: HubApi,
  repository: RepositoryLike,
  { pageSize = MAX_PAGE_SIZE, name, signal }: ListTagDetailsOptions = {},
): AsyncGenerator<HubTag, void> {
  const at = parseHubName(repository);
  const query = { page_size: assertPageSize(pageSize, MAX_PAGE_SIZE), name };
  const url = withQuery(tagsOf(api.upstream.origin, at), query);
  const read: ReadJson<HubTag> = readTag;
  yield* readHubPages(api, { url, what: formatHubName(at), signal }, read);
}

function tagsOf(origin: string, { namespace, name }: HubName): string {
  return `${origin}/v2/namespaces/${namespace}/repositories/${name}/tags`;
}

function tagAt(ref: Reference): {
  readonly at: HubName;
  readonly tag: string;
  readonly what: string;
} {
  if (ref.tag === undefined) throw new TypeError("There is no tag in the reference");
  const at = parseHubName(ref);
  const tag = parseTag(ref.tag);
  return { at, tag, what: `${formatHubName(at)}:${tag}` };
}
