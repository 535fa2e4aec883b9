import { type RegistryRequest, tooLong } from "../core/mod.ts";
import { isMediaType } from "../manifest/mod.ts";
import { type Digest, isTag, parseDigest, parseTag, tryParseDigest } from "../reference/mod.ts";
import { readDigestHeader, refuseLong } from "./header_fields.ts";
import { invalidResponse } from "./invalid_response.ts";
import { repositoryRequest, type Target } from "./target.ts";

/** Most tags in the query of one push: what the spec asks registries to support at least. */
export const MAX_PUSH_TAGS = 10;

/** How a manifest is pushed. */
export interface PushManifestOptions {
  /** Tags to set as well (end-7b), at most {@linkcode MAX_PUSH_TAGS}. Only with a digest. */
  readonly tags?: readonly string[] | undefined;
  /** `If-Match`: an `ETag` as it came. */
  readonly ifMatch?: string | undefined;
  /** `If-None-Match`: an `ETag`, or `*` for "only where there is nothing yet". */
  readonly ifNoneMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Push a manifest by tag or digest (end-7, end-7b). Pushing the same bytes again changes nothing, so
 * that the request may be repeated when its answer was lost.
 *
 * @param reference A tag or a digest; what has a colon is a digest.
 * @param bytes Sent as they are.
 * @param mediaType The document's own, without parameters.
 * @throws {TidegateError} INVALID_TAG, INVALID_DIGEST, INVALID_NAME or UNSUPPORTED; LIMIT_EXCEEDED
 * for too many tags.
 * @throws {TypeError} For what is no media type, and for `tags` beside a tag.
 */
export function pushManifestRequest(
  target: Target,
  reference: string,
  bytes: Uint8Array<ArrayBuffer>,
  mediaType: string,
  options: PushManifestOptions = {},
): RegistryRequest {
  const { tags = [], ifMatch, ifNoneMatch, signal } = options;
  const isDigest = reference.includes(":");
  if (!isMediaType(mediaType)) throw new TypeError("A manifest is pushed with its media type");
  if (tags.length > 0 && !isDigest) throw new TypeError("Further tags go with a digest alone");
  if (tags.length > MAX_PUSH_TAGS) throw tooLong("list of tags", MAX_PUSH_TAGS);
  const request = repositoryRequest(target, {
    method: "PUT",
    kind: "manifest",
    actions: ["pull", "push"],
    path: `manifests/${isDigest ? parseDigest(reference) : parseTag(reference)}`,
    headers: {
      "content-type": mediaType,
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
    },
    body: bytes,
    signal,
  });
  return tags.length === 0 ? request : { ...request, url: withTags(request.url, tags) };
}

function withTags(target: string, tags: readonly string[]): string {
  const url = new URL(target);
  for (const tag of tags) url.searchParams.append("tag", parseTag(tag));
  return url.href;
}

/** What a registry says of a manifest that it took. None of it is verified. */
export interface PushedManifestHead {
  readonly digest?: Digest | undefined;
  /** `OCI-Subject`: the subject under which the registry itself now lists the manifest. */
  readonly subject?: Digest | undefined;
  /** `OCI-Tag`: those of the tags asked for that were set; empty where the registry has no end-7b. */
  readonly tags: readonly string[];
  /** As written: may be relative. */
  readonly location?: string | undefined;
}

/**
 * Read the head of the answer to {@linkcode pushManifestRequest}.
 *
 * @throws {TidegateError} INVALID_RESPONSE for any status but 201 and 202 (some registries before
 * 1.0), and for headers that are malformed or given twice.
 */
export function readPushManifest(status: number, headers: Headers): PushedManifestHead {
  if (status !== 201 && status !== 202) {
    throw invalidResponse("manifest push status", String(status), "must be 201");
  }
  return {
    digest: readDigestHeader(headers),
    subject: readSubject(headers.get("oci-subject")),
    tags: readTags(headers.get("oci-tag") ?? ""),
    location: headers.get("location") ?? undefined,
  };
}

function readSubject(text: string | null): Digest | undefined {
  if (text === null) return undefined;
  const digest = tryParseDigest(text);
  if (digest === undefined) throw invalidResponse("OCI-Subject", text, "must be one digest");
  return digest;
}

/** Given several times or as a list: one and the same (RFC 9110 5.3). */
function readTags(header: string): readonly string[] {
  const tags = refuseLong("OCI-Tag", header).split(",").map((tag) => tag.trim());
  const named = tags.filter((tag) => tag !== "");
  const bad = named.find((tag) => !isTag(tag));
  if (bad !== undefined) throw invalidResponse("OCI-Tag", bad, "must hold tags alone");
  return [...new Set(named)];
}
