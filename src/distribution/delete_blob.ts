import type { RegistryRequest } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import { DELETE_ACTIONS, type DeleteOptions } from "./delete_manifest.ts";
import { repositoryRequest, type Target } from "./target.ts";

/**
 * Delete a blob from a repository (end-10). Manifests that list it stay.
 *
 * @throws {TidegateError} INVALID_NAME, INVALID_DIGEST or UNSUPPORTED.
 */
export function deleteBlobRequest(
  target: Target,
  digest: Digest,
  { signal }: DeleteOptions = {},
): RegistryRequest {
  return repositoryRequest(target, {
    method: "DELETE",
    kind: "blob",
    actions: DELETE_ACTIONS,
    path: `blobs/${parseDigest(digest)}`,
    signal,
  });
}
