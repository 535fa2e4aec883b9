import { blobReply } from "./blob_reply.ts";
import { errorReply } from "./error_body.ts";
import { absent, invalidName } from "./manifests.ts";
import { isSupportedDigest } from "./names.ts";
import { withHeaders } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Exchange } from "./registry_state.ts";

/** end-2: a blob, whole or a range of it. */
export async function getBlob(exchange: Exchange): Promise<Reply> {
  const { state, name, reference, request } = exchange;
  const invalid = invalidName(name);
  if (invalid) return invalid;
  if (!isSupportedDigest(reference)) {
    return errorReply("DIGEST_INVALID", "The digest is not valid here", { detail: reference });
  }
  const content = state.repositories.get(name)?.blobs.get(reference);
  if (content === undefined) return absent(exchange, "BLOB_UNKNOWN");
  const { quirks, redirect } = state.settings;
  if (redirect !== undefined) {
    const location = redirect.to.sign(reference, content);
    return { status: redirect.status ?? 307, headers: [["location", location]] };
  }
  const reply = await blobReply(request, reference, content, quirks);
  return withHeaders(reply, {
    "docker-content-digest": quirks.noDigestHeader ? undefined : quirks.digestHeader ?? reference,
  });
}
