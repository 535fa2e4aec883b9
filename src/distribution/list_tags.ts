import { isJsonObject, type Json, parseJson, type RegistryRequest } from "../core/mod.ts";
import { isTag } from "../reference/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import { readNextLink } from "./link.ts";
import { pullRequest, type Target } from "./target.ts";

/** Which page of tags is asked for. */
export interface ListTagsOptions {
  /** Most tags wanted in the answer. Registries may give fewer, and 0 gives none. */
  readonly n?: number | undefined;
  /** Only tags after this one. */
  readonly last?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask for a page of tags (end-8a, end-8b).
 *
 * @throws {TidegateError} INVALID_NAME when the repository is no repository name.
 * @throws {TypeError} If `n` is not a whole number from 0.
 */
export function listTagsRequest(target: Target, options: ListTagsOptions = {}): RegistryRequest {
  const { n, last } = options;
  if (n !== undefined && !(Number.isSafeInteger(n) && n >= 0)) {
    throw new TypeError("The number of tags is a whole number from 0");
  }
  return pullRequest(target, {
    ...options,
    kind: "tags",
    path: "tags/list",
    query: { n: n?.toString(), last },
    headers: { accept: "application/json" },
  });
}

/** One page of a listing of tags. */
export interface TagsPage {
  readonly tags: readonly string[];
  /** URL of the next page; absent after the last. Ask the origin policy before following it. */
  readonly next?: string | undefined;
}

/**
 * Read a page of tags.
 *
 * @param requestUrl The URL that answered: what a relative `Link` is relative to.
 * @throws {TidegateError} INVALID_RESPONSE when body or `Link` is malformed or holds what is no tag.
 */
export function readTagsPage(bytes: Uint8Array, headers: Headers, requestUrl: string): TagsPage {
  return { tags: readTags(parseBody(bytes)), next: readNextLink(headers, requestUrl) };
}

function parseBody(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? `is refused: ${cause.message}` : "is no JSON";
    throw invalidResponse("list of tags", "", reason, { cause });
  }
}

/** Go writes an empty list as null. */
function readTags(body: Json): readonly string[] {
  const tags = isJsonObject(body) ? body["tags"] ?? [] : undefined;
  if (!Array.isArray(tags)) {
    throw invalidResponse("list of tags", "", "must have a list named tags");
  }
  const at = tags.findIndex((tag) => typeof tag !== "string" || !isTag(tag));
  if (at === -1) return tags as string[];
  const shown = typeof tags[at] === "string" ? tags[at] : typeof tags[at];
  throw invalidResponse("list of tags", shown, `must hold tags alone, entry ${at} is none`);
}
