import type { RegistryRequest } from "../core/mod.ts";
import { type Descriptor, MEDIA_TYPES, parseManifest } from "../manifest/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { invalidResponse } from "./invalid_response.ts";
import { readNextLink } from "./link.ts";
import { pullRequest, type Target } from "./target.ts";

/** Which referrers are asked for. */
export interface ListReferrersOptions {
  /** Only those of this type. Registries may ignore it: see {@linkcode ReferrersPage.filters}. */
  readonly artifactType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ask for the manifests whose `subject` is a digest (end-12a, end-12b).
 *
 * @throws {TidegateError} INVALID_NAME or INVALID_DIGEST.
 */
export function listReferrersRequest(
  target: Target,
  digest: Digest,
  options: ListReferrersOptions = {},
): RegistryRequest {
  const { artifactType } = options;
  return pullRequest(target, {
    ...options,
    kind: "referrers",
    path: `referrers/${parseDigest(digest)}`,
    query: { artifactType },
    headers: { accept: MEDIA_TYPES.imageIndex },
  });
}

/** Statuses by which registries say that they have no referrers API. */
const NO_API: readonly number[] = [400, 404, 405, 406];

/**
 * Whether the answer to {@linkcode listReferrersRequest} says that the registry has no such API, so
 * that the fallback tag is to be read. GHCR's web page with status 200 counts as well.
 */
export function lacksReferrersApi(status: number, headers: Headers): boolean {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return NO_API.includes(status) || (status === 200 && type !== "" && !type.endsWith("json"));
}

/** One page of a listing of referrers. */
export interface ReferrersPage {
  readonly manifests: readonly Descriptor[];
  /** What the registry filtered by: `artifactType`. What is missing here is left to the caller. */
  readonly filters: ReadonlySet<string>;
  /** URL of the next page; absent after the last. Ask the origin policy before following it. */
  readonly next?: string | undefined;
}

/**
 * Read a page of referrers.
 *
 * @param requestUrl The URL that answered: what a relative `Link` is relative to.
 * @throws {TidegateError} INVALID_RESPONSE when the body is no OCI index (some registries answer 200
 * with a web page), or `Link` is malformed.
 */
export function readReferrersPage(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Headers,
  requestUrl: string,
): ReferrersPage {
  const manifests = readIndex(bytes, headers.get("content-type") ?? "");
  const applied = headers.get("oci-filters-applied")?.split(",") ?? [];
  const filters = new Set(applied.map((name) => name.trim()).filter((name) => name !== ""));
  return { manifests, filters, next: readNextLink(headers, requestUrl) };
}

/**
 * The referrers of one artifact type: for registries that do not filter, and for the fallback tag.
 */
export function filterReferrers(
  manifests: readonly Descriptor[],
  artifactType: string,
): readonly Descriptor[] {
  return manifests.filter((descriptor) => descriptor.artifactType === artifactType);
}

function readIndex(bytes: Uint8Array<ArrayBuffer>, contentType: string): readonly Descriptor[] {
  let cause: unknown;
  try {
    const index = parseManifest(bytes, { contentType });
    if (index.kind === "index") return index.manifests;
  } catch (error) {
    cause = error;
  }
  throw invalidResponse("list of referrers", contentType, "must be an index", { cause });
}
