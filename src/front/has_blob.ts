import { pullBlobRequest, readPullBlobHead } from "../distribution/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { DoorRequest } from "./door_request.ts";
import { exchange } from "./upstream_upload.ts";

/**
 * Whether the upstream says that a blob is in the repository (end-2, HEAD).
 *
 * @param scopes Those of the push that it is asked for, so that one token serves both.
 * @param size Bytes that it must have. Default is any number.
 * @returns False also when there is no answer, or none that can be read.
 */
export async function hasBlob(
  door: DoorRequest,
  digest: Digest,
  scopes: readonly string[],
  size?: number,
): Promise<boolean> {
  const request = { ...pullBlobRequest(door.target, digest, { method: "HEAD" }), scopes };
  try {
    const head = await exchange(
      door,
      request,
      [200],
      ({ status, headers }) => readPullBlobHead(status, headers),
    );
    return size === undefined || head.size === size;
  } catch {
    return false;
  }
}
