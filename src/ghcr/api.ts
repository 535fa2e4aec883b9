import type { CredentialProvider } from "../auth/mod.ts";
import { responseFailure } from "../client/mod.ts";
import {
  type Clock,
  type Fetch,
  type Json,
  MAX_MANIFEST_BYTES,
  type Random,
  type RegistryRequest,
  type RegistryResponse,
  type Send,
  TidegateError,
  type Upstream,
} from "../core/mod.ts";
import { readNextLink } from "../distribution/mod.ts";
import type { Observer } from "../observability/mod.ts";
import { type Query, readAnswer, readListing, withQuery } from "../rest/mod.ts";
import {
  createTransport,
  discard,
  type TransportOptions,
  type TransportState,
} from "../transport/mod.ts";
import { githubEndpoint } from "./api_endpoint.ts";
import { createApiAuthorizer } from "./api_authorizer.ts";
import { type ApiLimits, createApiLimits } from "./api_limits.ts";
import { githubAnswer } from "./fields.ts";
import { withGithubLimits } from "./limit_fetch.ts";

/** What {@linkcode createGithubApi} works with. */
export interface GithubApiOptions {
  readonly upstream: Upstream;
  /** What stands before every path: `/api/v3` on Enterprise Server, else nothing. */
  readonly prefix: string;
  readonly credentials: CredentialProvider;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer | undefined;
  readonly state: TransportState;
  readonly transport: Pick<
    TransportOptions,
    "retry" | "breaker" | "throttle" | "timeouts" | "userAgent"
  >;
  /** Most pages of one listing. */
  readonly maxPages: number;
}

/** What every call takes. */
export interface ApiCallOptions {
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How one call is made. */
export interface ApiCall extends ApiCallOptions {
  /** What is asked for, for messages: `acme/app`. */
  readonly what: string;
  readonly query?: Query | undefined;
}

/**
 * GitHub's REST API through the transport's layers. Calls reject with a `TidegateError` (UNAUTHORIZED,
 * FORBIDDEN, NOT_FOUND, RATE_LIMITED, SERVER_ERROR, UNEXPECTED_RESPONSE, INVALID_RESPONSE,
 * LIMIT_EXCEEDED, ORIGIN_NOT_TRUSTED, NETWORK_…) or the signal's reason.
 */
export interface GithubApi {
  readonly upstream: Upstream;
  readonly limits: ApiLimits;
  /** Get one document. */
  get(path: string, call: ApiCall): Promise<Json>;
  /**
   * The entries of a listing, page by page as they are consumed.
   * @param list The entries in a page; the page itself where it is a list.
   */
  list(path: string, call: ApiCall, list?: (page: Json) => Json | undefined): AsyncIterable<Json>;
  /** Change something. What is answered is not read. */
  act(method: "DELETE" | "POST", path: string, call: ApiCall): Promise<void>;
}

const HEADERS: Readonly<Record<string, string>> = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
};

const BODY_STALL_MS = 30_000;
const RATE_LIMIT_PATH = "/rate_limit"; // asking it costs nothing, and is never refused

/** @see {@linkcode GithubApi} */
export function createGithubApi(options: GithubApiOptions): GithubApi {
  const { upstream, prefix, clock } = options;
  const limits = createApiLimits(clock);
  const send = createApiSend(options, limits);
  const urlOf = (path: string, query: ApiCall["query"] = {}): string =>
    withQuery(`${upstream.origin}${prefix}${path}`, query);
  const exchange = async (
    method: RegistryRequest["method"],
    url: string,
    { what, signal }: ApiCall,
  ): Promise<RegistryResponse> => {
    const isFree = url === urlOf(RATE_LIMIT_PATH);
    const until = isFree ? undefined : limits.exhaustedUntil();
    if (until !== undefined) throw usedUp(upstream, until);
    const headers = HEADERS;
    const response = await send({
      method,
      url,
      headers,
      kind: "api",
      endpoint: githubEndpoint(new URL(url).pathname.slice(prefix.length)),
      scopes: [],
      ...(signal && { signal }),
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw await responseFailure(response, what, clock, signal);
  };
  const read = async (response: RegistryResponse, { what, signal }: ApiCall): Promise<Json> => {
    const reading = { maximum: MAX_MANIFEST_BYTES, stallMs: BODY_STALL_MS, clock, signal };
    return await readAnswer(githubAnswer, response, what, reading) ?? null;
  };
  return {
    upstream,
    limits,
    async get(path, call): Promise<Json> {
      return await read(await exchange("GET", urlOf(path, call.query), call), call);
    },
    list(path, call, list = (page) => page): AsyncGenerator<Json, void> {
      return readListing(options, urlOf(path, call.query), options.maxPages, async (url) => {
        const response = await exchange("GET", url, call);
        const page = await read(response, call);
        const items = githubAnswer.readList(list(page), call.what, (entry) => entry);
        return { items, next: readNextLink(response.headers, url) };
      });
    },
    async act(method, path, call): Promise<void> {
      discard(await exchange(method, urlOf(path, call.query), call), clock);
    },
  };
}

function createApiSend(options: GithubApiOptions, limits: ApiLimits): Send {
  const { upstream, credentials, fetch, clock, transport } = options;
  const authorizer = createApiAuthorizer({ upstream, credentials, onReplaced: limits.reset });
  return createTransport({
    ...options,
    ...transport,
    upstream,
    fetch: withGithubLimits(fetch, limits, clock),
    authorizer,
  });
}

function usedUp({ origin }: Upstream, resetAt: number): TidegateError<"RATE_LIMITED"> {
  const message = `${origin} takes no more requests before ${new Date(resetAt).toISOString()}`;
  const details = { status: 429, origin, diagnostics: [], resetAt };
  return new TidegateError("RATE_LIMITED", message, details);
}
