import { digestOf } from "./digest.ts";
import { errorReply } from "./error_body.ts";
import { readDocument, refuseManifest, subjectOf } from "./manifest_checks.ts";
import type { PushedDocument } from "./manifest_checks.ts";
import { invalidReference } from "./manifests.ts";
import { digestAlgorithm, isTag } from "./names.ts";
import type { Exchange } from "./registry_state.ts";
import { textReply, withHeaders } from "./reply.ts";
import type { HeaderList, Reply } from "./reply.ts";
import { readBody } from "./request_body.ts";
import { createRepository, findManifest, repositoryOf } from "./store.ts";
import type { StoredManifest } from "./store.ts";
import { writeLocation } from "./upload_session.ts";

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** end-7a and 7b: file a manifest under a tag, or under its digest and any number of tags. */
export async function putManifest(exchange: Exchange): Promise<Reply> {
  const { state, name, reference, request, url } = exchange;
  const invalid = invalidReference(name, reference) ?? refuseTags(url);
  if (invalid) return invalid;
  const { maxManifestBytes = MAX_MANIFEST_BYTES } = state.settings.push ?? {};
  const bytes = await readBody(request.body, maxManifestBytes);
  if (bytes === undefined) {
    return errorReply("MANIFEST_INVALID", "The manifest is too large", { status: 413 });
  }
  const digest = await digestOf(bytes, digestAlgorithm(reference));
  const mediaType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
  const read = readDocument(bytes, mediaType);
  if ("status" in read) return read;
  const refusal = refuseReference(exchange, digest) ??
    refuseContent(exchange, read.document, mediaType);
  if (refusal) return refusal;
  const tags = fileManifest(exchange, { digest, mediaType, bytes });
  return acknowledge(exchange, { digest, tags, subject: subjectOf(read.document) });
}

function refuseTags(url: URL): Reply | undefined {
  const bad = url.searchParams.getAll("tag").find((tag) => !isTag(tag));
  return bad === undefined
    ? undefined
    : errorReply("TAG_INVALID", "A tag breaks the grammar", { detail: bad });
}

function refuseReference(exchange: Exchange, digest: string): Reply | undefined {
  const { reference } = exchange;
  if (digestAlgorithm(reference) !== undefined && reference !== digest) {
    return errorReply("DIGEST_INVALID", "The digest is not the content's", { detail: reference });
  }
  return failsCondition(exchange) ? textReply(412, "Precondition failed\n") : undefined;
}

/** RFC 9110, 13.1.1 and 13.1.2, on what the reference names now. */
function failsCondition({ state, name, reference, request: { headers } }: Exchange): boolean {
  if (!state.settings.push?.conditional) return false;
  const repository = state.repositories.get(name);
  const current = repository && findManifest(repository, reference);
  const holds = (condition: string): boolean =>
    current !== undefined && condition.split(",").map((tag) => tag.trim())
      .some((tag) => tag === "*" || tag === `"${current.digest}"`);
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  return (match !== null && !holds(match)) || (noneMatch !== null && holds(noneMatch));
}

function refuseContent(
  { state, name }: Exchange,
  document: PushedDocument,
  mediaType: string,
): Reply | undefined {
  return refuseManifest(document, {
    mediaType,
    repository: state.repositories.get(name) ?? createRepository(name),
    settings: state.settings.push ?? {},
  });
}

/** File it; returns the tags of the query that were set. */
function fileManifest(
  { state, name, reference, url }: Exchange,
  manifest: StoredManifest,
): readonly string[] {
  const { manifests, tags } = repositoryOf(state.repositories, name);
  manifests.set(manifest.digest, manifest);
  if (digestAlgorithm(reference) === undefined) {
    tags.set(reference, manifest.digest);
    return [];
  }
  const asked = state.settings.quirks.ignoreTagParameter ? [] : url.searchParams.getAll("tag");
  for (const tag of asked) tags.set(tag, manifest.digest);
  return asked;
}

function acknowledge(
  { state, name }: Exchange,
  { digest, tags, subject }: {
    readonly digest: string;
    readonly tags: readonly string[];
    readonly subject: string | undefined;
  },
): Reply {
  const { quirks, referrers } = state.settings;
  const location = writeLocation(state, `/v2/${name}/manifests/${digest}`);
  const headers: HeaderList = [
    ["location", location],
    ["etag", `"${digest}"`],
    ...tags.map((tag) => ["oci-tag", tag] as const),
  ];
  return withHeaders({ status: 201, headers }, {
    "docker-content-digest": quirks.noDigestHeader ? undefined : quirks.digestHeader ?? digest,
    "oci-subject": referrers === "api" ? subject : undefined,
  });
}
