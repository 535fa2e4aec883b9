import { encodeUtf8, isTidegateError, type Json, parseJson } from "../core/mod.ts";
import {
  listReferrersRequest,
  pullManifestRequest,
  readReferrersPage,
} from "../distribution/mod.ts";
import { MEDIA_TYPES } from "../manifest/mod.ts";
import { type Digest, fallbackTag } from "../reference/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { ask, readSmall } from "./exchange.ts";
import { pageLink } from "./page_link.ts";
import { forwardedQuery, withQuery } from "./query.ts";

/**
 * GET or HEAD of the referrers of a manifest (end-12). Where the upstream has no such endpoint, the
 * list under the fallback tag is served instead; where that is missing too, the list is empty.
 *
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#unavailable-referrers-api | Referrers tag schema}
 */
export async function serveReferrers(door: DoorRequest, digest: Digest): Promise<Answer> {
  const query = forwardedQuery(door.url.searchParams);
  if (query === undefined) return refuse("badQuery");
  const { profile } = door.selection.upstream.upstream;
  const page = profile.referrers === "tag" ? undefined : await fromApi(door, digest, query);
  return page ?? await fromTag(door, digest, query.get("artifactType"));
}

async function fromApi(
  door: DoorRequest,
  digest: Digest,
  query: URLSearchParams,
): Promise<Answer | undefined> {
  const { target, name, request: { signal }, services } = door;
  const request = withQuery(listReferrersRequest(target, digest, { signal }), query);
  const response = await orNothing(ask(door, request, `${target.repository}@${digest}`));
  if (response === undefined) return undefined;
  const { manifestBytes } = services.settings.limits;
  const bytes = await readSmall(door, response, "page of referrers", manifestBytes);
  const { next } = readReferrersPage(bytes, response.headers, request.url);
  const link = pageLink(door, `/v2/${name}/referrers/${digest}`, request.url, next);
  const isFiltered = response.headers.get("oci-filters-applied") === "artifactType";
  return indexAnswer(bytes, { ...link, ...(isFiltered && FILTERED) });
}

async function fromTag(
  door: DoorRequest,
  digest: Digest,
  artifactType: string | null,
): Promise<Answer> {
  const { target, request: { signal }, services } = door;
  const tag = fallbackTag(digest);
  const request = pullManifestRequest(target, tag, { signal });
  const response = await orNothing(ask(door, request, `${target.repository}:${tag}`));
  if (response === undefined) return listAnswer([], artifactType);
  const { manifestBytes } = services.settings.limits;
  const bytes = await readSmall(door, response, "list of referrers", manifestBytes);
  readReferrersPage(bytes, response.headers, request.url);
  const { manifests } = parseJson(bytes) as { readonly manifests: readonly Json[] };
  return listAnswer(manifests, artifactType);
}

/** How registries without the endpoint answer it, besides with 404. */
const NO_ENDPOINT: readonly number[] = [400, 405, 406];

/** "Not found" means that there is nothing to list; everything else stays an error. */
async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND") || isNoEndpoint(error)) return undefined;
    throw error;
  }
}

function isNoEndpoint(error: unknown): boolean {
  return isTidegateError(error, "UNEXPECTED_RESPONSE") &&
    NO_ENDPOINT.includes(error.details.status);
}

const FILTERED: Readonly<Record<string, string>> = { "oci-filters-applied": "artifactType" };

function listAnswer(manifests: readonly Json[], artifactType: string | null): Answer {
  const kept = manifests.filter((entry) =>
    artifactType === null || (entry as { artifactType?: Json }).artifactType === artifactType
  );
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.imageIndex, manifests: kept };
  return indexAnswer(encodeUtf8(JSON.stringify(index)), artifactType === null ? {} : FILTERED);
}

function indexAnswer(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Answer {
  return bytesAnswer(200, { ...headers, "content-type": MEDIA_TYPES.imageIndex }, bytes);
}
