import { errorReply } from "./error_body.ts";
import { absent, invalidName, invalidReference } from "./manifests.ts";
import { isSupportedDigest, looksLikeDigest } from "./names.ts";
import type { Exchange } from "./registry_state.ts";
import type { Reply } from "./reply.ts";

const ACCEPTED: Reply = { status: 202, headers: [] };

/** end-9: a tag alone, or a manifest with every tag that names it. */
export function deleteManifest(exchange: Exchange): Reply {
  const { state, name, reference } = exchange;
  const { manifestDelete, tagDelete } = state.settings.quirks;
  const invalid = invalidReference(name, reference);
  if (invalid) return invalid;
  const isDigest = looksLikeDigest(reference);
  const refused = isDigest ? manifestDelete : tagDelete;
  if (refused !== undefined) return unsupported(refused);
  const repository = state.repositories.get(name);
  if (repository === undefined) return absent(exchange, "NAME_UNKNOWN");
  const { manifests, tags } = repository;
  const isGone = isDigest ? manifests.delete(reference) : tags.delete(reference);
  if (!isGone) return absent(exchange, "MANIFEST_UNKNOWN");
  for (const [tag, digest] of tags) if (digest === reference) tags.delete(tag);
  return ACCEPTED;
}

/** end-10: a blob of this repository; others keep it. */
export function deleteBlob(exchange: Exchange): Reply {
  const { state, name, reference } = exchange;
  const { blobDelete } = state.settings.quirks;
  const invalid = invalidName(name);
  if (invalid) return invalid;
  if (!isSupportedDigest(reference)) {
    return errorReply("DIGEST_INVALID", "The digest is not valid here", { detail: reference });
  }
  if (blobDelete !== undefined) return unsupported(blobDelete);
  const isGone = state.repositories.get(name)?.blobs.delete(reference) ?? false;
  return isGone ? ACCEPTED : absent(exchange, "BLOB_UNKNOWN");
}

function unsupported(status: number): Reply {
  return errorReply("UNSUPPORTED", "Deletes are not taken here", { status });
}
