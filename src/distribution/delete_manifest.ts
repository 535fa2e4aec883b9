import type { RegistryRequest } from "../core/mod.ts";
import { parseDigest, parseTag } from "../reference/mod.ts";
import { repositoryRequest, type Target } from "./target.ts";

/** What every deletion takes. */
export interface DeleteOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What a deletion needs the right to; distribution asks for `delete`, others for `push`. */
export const DELETE_ACTIONS: readonly string[] = ["pull", "push", "delete"];

/**
 * Delete a manifest with all its tags, or one tag (end-9).
 *
 * @param reference A digest for the manifest, a tag for the tag; what has a colon is a digest.
 * @throws {TidegateError} INVALID_TAG, INVALID_DIGEST, INVALID_NAME or UNSUPPORTED.
 */
export function deleteManifestRequest(
  target: Target,
  reference: string,
  { signal }: DeleteOptions = {},
): RegistryRequest {
  const checked = reference.includes(":") ? parseDigest(reference) : parseTag(reference);
  return repositoryRequest(target, {
    method: "DELETE",
    kind: "manifest",
    actions: DELETE_ACTIONS,
    path: `manifests/${checked}`,
    signal,
  });
}

/** Whether a status says that something was deleted: 202, or 200 and 204 of some registries. */
export function isDeleted(status: number): boolean {
  return status === 202 || status === 200 || status === 204;
}
