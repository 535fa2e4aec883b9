import { bytesContent } from "./content.ts";
import { errorReply } from "./error_body.ts";
import { isRepositoryName, isSupportedDigest, isTag, looksLikeDigest } from "./names.ts";
import { withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange } from "./registry_state.ts";
import { findManifest } from "./store.ts";
import type { StoredManifest } from "./store.ts";

/** end-3: a manifest by tag or digest, exactly as it was pushed. */
export function getManifest(exchange: Exchange): Reply {
  const { state, name, reference } = exchange;
  const invalid = invalidReference(name, reference);
  if (invalid) return invalid;
  const repository = state.repositories.get(name);
  const manifest = repository && findManifest(repository, reference);
  if (manifest === undefined || !isAccepted(exchange, manifest)) {
    return absent(exchange, repository === undefined ? "NAME_UNKNOWN" : "MANIFEST_UNKNOWN");
  }
  return manifestReply(exchange, manifest);
}

/** The reply for something that is not there, by the registry's quirk or by the spec. */
export function absent(
  { state, name, reference }: Exchange,
  code: "NAME_UNKNOWN" | "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN",
): Reply {
  const { notFoundRedirect } = state.settings.quirks;
  if (notFoundRedirect !== undefined && code !== "BLOB_UNKNOWN") {
    return { status: 303, headers: [["location", notFoundRedirect]] };
  }
  return errorReply(code, "Not found", { detail: { name, reference } });
}

/** The reply to a name that breaks the grammar; undefined for a good one. */
export function invalidName(name: string): Reply | undefined {
  return isRepositoryName(name)
    ? undefined
    : errorReply("NAME_INVALID", "The repository name breaks the grammar", { detail: name });
}

/** The reply to a name, tag or digest that breaks the grammar; undefined for good ones. */
export function invalidReference(name: string, reference: string): Reply | undefined {
  const invalid = invalidName(name);
  if (invalid) return invalid;
  if (looksLikeDigest(reference)) {
    return isSupportedDigest(reference)
      ? undefined
      : errorReply("DIGEST_INVALID", "The digest is not valid here", { detail: reference });
  }
  return isTag(reference)
    ? undefined
    : errorReply("TAG_INVALID", "The tag breaks the grammar", { detail: reference });
}

function isAccepted({ state, request }: Exchange, { mediaType }: StoredManifest): boolean {
  if (!state.settings.quirks.requireAccept) return true;
  const accept = (request.headers.get("accept") ?? "").split(",");
  return accept.some((range) => ["*/*", "application/*", mediaType].includes(mediaRange(range)));
}

function mediaRange(text: string): string {
  return (text.split(";")[0] ?? "").trim().toLowerCase();
}

function manifestReply({ state, request }: Exchange, manifest: StoredManifest): Reply {
  const { noDigestHeader, digestHeader, manifestType } = state.settings.quirks;
  const etag = `"${manifest.digest}"`;
  const reply: Reply = {
    status: 200,
    headers: [["content-type", manifestType ?? manifest.mediaType], ["etag", etag]],
    body: bytesContent(manifest.bytes),
  };
  const full = withHeaders(reply, {
    "docker-content-digest": noDigestHeader ? undefined : digestHeader ?? manifest.digest,
  });
  if (request.headers.get("if-none-match") !== etag) return full;
  return { status: 304, headers: full.headers };
}
