import type { CallOptions } from "../client/mod.ts";
import { isTidegateError, type Json, type ReadJson } from "../core/mod.ts";
import { assertPageSize, withQuery } from "../rest/mod.ts";
import type { HubApi } from "./api.ts";
import { hubAnswer } from "./fields.ts";
import {
  formatHubName,
  type HubName,
  parseHubName,
  parseNamespace,
  type RepositoryLike,
} from "./hub_name.ts";
import { readHubPages } from "./pages.ts";
import {
  type HubRepository,
  type HubRepositoryDetails,
  readRepository,
  readRepositoryDetails,
} from "./repository.ts";

/** How repositories are listed. */
export interface ListRepositoriesOptions extends CallOptions {
  /** Repositories per page, 1 to 100. Default is 100. */
  readonly pageSize?: number | undefined;
  /** Only those whose name contains it. */
  readonly name?: string | undefined;
  /** Default is the API's own, by last update. */
  readonly ordering?:
    | "name"
    | "-name"
    | "last_updated"
    | "-last_updated"
    | "pull_count"
    | "-pull_count"
    | undefined;
}

/** What may be said of a repository. */
export interface RepositoryTexts {
  /** At most 100 characters. */
  readonly description?: string | undefined;
  /** Markdown, at most 25,000 characters. */
  readonly fullDescription?: string | undefined;
}

/** What a new repository is made of. */
export interface CreateRepositoryOptions extends RepositoryTexts, CallOptions {
  /** Default is `false`. */
  readonly isPrivate?: boolean | undefined;
}

/** What is changed; what is left out stays. */
export interface UpdateRepositoryOptions extends RepositoryTexts, CallOptions {}

/** Repositories on Docker Hub. What names one may be `acme/app`, `nginx` or a reference. */
export interface HubRepositoryOperations {
  /**
   * The repositories of a user or an organisation, page by page as they are consumed. Private ones
   * only for a login that may see them.
   */
  list(namespace: string, options?: ListRepositoriesOptions): AsyncIterable<HubRepository>;
  /** @throws {TidegateError} NOT_FOUND, also for what the login may not see. */
  get(repository: RepositoryLike, options?: CallOptions): Promise<HubRepositoryDetails>;
  /** Whether it is there, and may be seen. */
  exists(repository: RepositoryLike, options?: CallOptions): Promise<boolean>;
  /** Make one. Needs a login that may. */
  create(
    repository: RepositoryLike,
    options?: CreateRepositoryOptions,
  ): Promise<HubRepositoryDetails>;
  /** Change its texts. Not in Docker's documentation; its own clients do it so. */
  update(
    repository: RepositoryLike,
    options: UpdateRepositoryOptions,
  ): Promise<HubRepositoryDetails>;
  /** Make it private or public. Not in Docker's documentation; its own clients do it so. */
  setPrivacy(
    repository: RepositoryLike,
    isPrivate: boolean,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Delete it with all images. There is no way back. Not in Docker's documentation; its own clients
   * do it so.
   */
  delete(repository: RepositoryLike, options?: CallOptions): Promise<void>;
}

const MAX_PAGE_SIZE = 100;
const MAX_DESCRIPTION_LENGTH = 100;
const MAX_FULL_DESCRIPTION_LENGTH = 25_000;

/** Repositories of one API: see {@linkcode HubRepositoryOperations}. */
export function repositoryOperations(api: HubApi): HubRepositoryOperations {
  const { origin } = api.upstream;
  const home = ({ namespace, name }: HubName): string =>
    `${origin}/v2/namespaces/${namespace}/repositories/${name}`;
  const oldHome = ({ namespace, name }: HubName): string =>
    `${origin}/v2/repositories/${namespace}/${name}`;
  return {
    list: (namespace, options) => listRepositories(api, namespace, options),
    async get(repository, { signal } = {}): Promise<HubRepositoryDetails> {
      const at = parseHubName(repository);
      const { body } = await api.call({ url: home(at), what: formatHubName(at), signal });
      return readAsked(body, at);
    },
    async exists(repository, options): Promise<boolean> {
      const at = parseHubName(repository);
      return await isThere(api, home(at), formatHubName(at), options);
    },
    async create(repository, options = {}): Promise<HubRepositoryDetails> {
      const at = parseHubName(repository);
      const { isPrivate = false, signal } = options;
      const body = {
        name: at.name,
        namespace: at.namespace,
        registry: "docker.io",
        is_private: isPrivate,
        ...readTexts(options),
      };
      const url = `${origin}/v2/namespaces/${at.namespace}/repositories`;
      const call = { method: "POST", url, body, what: formatHubName(at) } as const;
      return readAsked((await api.call({ ...call, needsLogin: true, signal })).body, at);
    },
    async update(repository, options): Promise<HubRepositoryDetails> {
      const at = parseHubName(repository);
      const call = { method: "PATCH", url: home(at), what: formatHubName(at) } as const;
      const body = readTexts(options);
      const { signal } = options;
      return readAsked((await api.call({ ...call, body, needsLogin: true, signal })).body, at);
    },
    async setPrivacy(repository, isPrivate, { signal } = {}): Promise<void> {
      const at = parseHubName(repository);
      const url = `${oldHome(at)}/privacy`;
      const call = { method: "POST", url, what: formatHubName(at), needsLogin: true } as const;
      await api.call({ ...call, body: { is_private: isPrivate }, signal });
    },
    async delete(repository, { signal } = {}): Promise<void> {
      const at = parseHubName(repository);
      const call = { method: "DELETE", url: `${oldHome(at)}/`, what: formatHubName(at) } as const;
      await api.call({ ...call, needsLogin: true, signal });
    },
  };
}

async function* listRepositories(
  api: HubApi,
  namespace: string,
  options: ListRepositoriesOptions = {},
): AsyncGenerator<HubRepository, void> {
  const { pageSize = MAX_PAGE_SIZE, name, ordering, signal } = options;
  const path = `/v2/namespaces/${parseNamespace(namespace)}/repositories`;
  const query = { page_size: assertPageSize(pageSize, MAX_PAGE_SIZE), name, ordering };
  const url = withQuery(api.upstream.origin + path, query);
  const read: ReadJson<HubRepository> = readRepository;
  yield* readHubPages(api, { url, what: `namespace ${namespace}`, signal }, read);
}

/** Whether a HEAD finds something. */
async function isThere(
  api: HubApi,
  url: string,
  what: string,
  { signal }: CallOptions = {},
): Promise<boolean> {
  try {
    await api.call({ method: "HEAD", url, what, signal });
    return true;
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return false;
    throw error;
  }
}

/** An answer about another repository would be believed otherwise. */
function readAsked(body: Json | undefined, { namespace, name }: HubName): HubRepositoryDetails {
  const found = readRepositoryDetails(body);
  if (found.namespace === namespace && found.name === name) return found;
  throw hubAnswer.invalid("repository", "must be the one that was asked for");
}

/** @throws {TypeError} For texts longer than the API takes. */
function readTexts(
  { description, fullDescription }: RepositoryTexts,
): Readonly<Record<string, string>> {
  assertLength("description", description, MAX_DESCRIPTION_LENGTH);
  assertLength("fullDescription", fullDescription, MAX_FULL_DESCRIPTION_LENGTH);
  return {
    ...(description !== undefined && { description }),
    ...(fullDescription !== undefined && { full_description: fullDescription }),
  };
}

function assertLength(name: string, text: string | undefined, maximum: number): void {
  if ((text?.length ?? 0) > maximum) {
    throw new TypeError(`${name} must have at most ${maximum} characters`);
  }
}
