import { deleteBlobRequest } from "../distribution/mod.ts";
import { parseDigest, type Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { sendDelete } from "./send_delete.ts";

/**
 * Delete a blob from a repository (end-10). Manifests that list it stay, and cannot be pulled whole
 * any more.
 *
 * @throws {TidegateError} INVALID_DIGEST before any request; NOT_FOUND; UNSUPPORTED where the
 * registry does not delete blobs; what else it answers.
 */
export async function deleteBlob(
  context: ClientContext,
  ref: Reference,
  digest: string,
  { signal }: CallOptions = {},
): Promise<void> {
  const asked = parseDigest(digest);
  const connection = context.connect(ref);
  const request = deleteBlobRequest(connection.target, asked, { signal });
  const advice = "it leaves that to its garbage collection";
  await sendDelete(context, connection, request, `${ref.repository}@${asked}`, advice);
}
