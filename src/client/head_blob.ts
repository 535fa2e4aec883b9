import { isTidegateError } from "../core/mod.ts";
import { pullBlobRequest, readPullBlobHead } from "../distribution/mod.ts";
import { type Digest, parseDigest, type Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { responseFailure } from "./response_failure.ts";

/** What a registry says of a blob without sending it. Nothing of it is verified. */
export interface BlobHead {
  readonly digest: Digest;
  /** `undefined` when the registry does not tell. */
  readonly size: number | undefined;
}

/**
 * Ask whether a blob is there, and how long it is (end-2, HEAD).
 *
 * @throws {TidegateError} INVALID_DIGEST before any request; NOT_FOUND and what else the registry
 * answers.
 */
export async function headBlob(
  { connect, settings: { clock } }: ClientContext,
  ref: Reference,
  digest: string,
  { signal }: CallOptions = {},
): Promise<BlobHead> {
  const asked = parseDigest(digest);
  const { send, target } = connect(ref);
  const response = await send(
    pullBlobRequest(target, asked, { method: "HEAD", signal }),
  );
  const { status, headers } = response;
  if (status !== 200) {
    throw await responseFailure(response, `${ref.repository}@${asked}`, clock, signal);
  }
  discard(response, clock);
  return { digest: asked, size: readPullBlobHead(status, headers).size };
}

/** Whether a blob is there. Other failures than "not found" are errors. */
export async function blobExists(
  context: ClientContext,
  ref: Reference,
  digest: string,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    await headBlob(context, ref, digest, options);
    return true;
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return false;
    throw error;
  }
}
