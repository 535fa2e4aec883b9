import { encodeUtf8, isTidegateError, type Json, parseJson } from "../core/mod.ts";
import {
  lacksReferrersApi,
  listReferrersRequest,
  pullManifestRequest,
  readReferrersPage,
} from "../distribution/mod.ts";
import { MEDIA_TYPES } from "../manifest/mod.ts";
import { type Digest, fallbackTag } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { ask, assertSuccess, readSmall } from "./exchange.ts";
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
  const response = await door.send(request);
  if (lacksReferrersApi(response.status, response.headers)) {
    discard(response, services.clock);
    return undefined;
  }
  await assertSuccess(door, response, `${target.repository}@${digest}`);
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

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
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
