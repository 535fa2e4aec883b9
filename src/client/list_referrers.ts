import { isTidegateError, type RegistryResponse } from "../core/mod.ts";
import {
  filterReferrers,
  lacksReferrersApi,
  listReferrersRequest,
  readReferrersPage,
} from "../distribution/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import { type Digest, fallbackTag, type Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import { headManifest } from "./head_manifest.ts";
import { linkedRequest, readPages } from "./pages.ts";
import { responseFailure } from "./response_failure.ts";

/** How referrers are listed. */
export interface ListReferrersOptions extends CallOptions {
  /** Only those of this type. Applied here where the registry does not. */
  readonly artifactType?: string | undefined;
}

/**
 * List what refers to a manifest: signatures, SBOMs, attestations (end-12).
 *
 * Where the registry has no such API, the fallback tag is read (distribution-spec, "Unavailable
 * Referrers API"). A reference by tag is resolved first.
 *
 * @throws {TidegateError} What the registry answers, ORIGIN_NOT_TRUSTED, LIMIT_EXCEEDED,
 * INVALID_MANIFEST, INVALID_RESPONSE: all while iterating.
 */
export async function* listReferrers(
  context: ClientContext,
  ref: Reference,
  options: ListReferrersOptions = {},
): AsyncGenerator<Descriptor, void> {
  const connection = context.connect(ref);
  const digest = ref.digest ?? (await headManifest(context, ref, options)).digest;
  if (connection.upstream.profile.referrers !== "tag") {
    const hasApi = yield* fromApi(context, connection, digest, options);
    if (hasApi) return;
  }
  yield* fromTag(context, ref, digest, options);
}

/** Returns false when the registry turns out to have no API, before anything was yielded. */
async function* fromApi(
  context: ClientContext,
  connection: RepositoryConnection,
  digest: Digest,
  { artifactType, signal }: ListReferrersOptions,
): AsyncGenerator<Descriptor, boolean> {
  const { clock, limits } = context.settings;
  const { target } = connection;
  const first = listReferrersRequest(target, digest, { artifactType, signal });
  let isFirst = true;
  let hasApi = true;
  const accept = async (response: RegistryResponse): Promise<boolean> => {
    hasApi = !isFirst || !lacksReferrersApi(response.status, response.headers);
    isFirst = false;
    if (hasApi && response.status === 200) return true;
    if (hasApi) {
      throw await responseFailure(response, `${target.repository}@${digest}`, clock, signal);
    }
    discard(response, clock);
    return false;
  };
  const pages = readPages(context, connection, first, limits.manifestBytes, accept, (page) => {
    const { manifests, next, filters } = readReferrersPage(
      page.bytes,
      page.response.headers,
      page.url,
    );
    return {
      items: filters.has("artifactType") ? manifests : ofType(manifests, artifactType),
      next: next === undefined
        ? undefined
        : linkedRequest(context, connection, first, page.url, next),
    };
  });
  for await (const manifests of pages) yield* manifests;
  return hasApi;
}

async function* fromTag(
  context: ClientContext,
  { registry, repository }: Reference,
  digest: Digest,
  options: ListReferrersOptions,
): AsyncGenerator<Descriptor, void> {
  try {
    const tagged = { registry, repository, tag: fallbackTag(digest) };
    const { manifest } = await getManifest(context, tagged, { signal: options.signal });
    if (manifest.kind === "index") yield* ofType(manifest.manifests, options.artifactType);
  } catch (error) {
    if (!isTidegateError(error, "NOT_FOUND")) throw error; // no tag: no referrers
  }
}

function ofType(
  manifests: readonly Descriptor[],
  artifactType: string | undefined,
): readonly Descriptor[] {
  return artifactType === undefined ? manifests : filterReferrers(manifests, artifactType);
}
