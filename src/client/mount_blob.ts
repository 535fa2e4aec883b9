import { isTidegateError, TidegateError } from "../core/mod.ts";
import { mountBlobRequest, type UploadSession } from "../distribution/mod.ts";
import { type Digest, parseDigest, parseRepositoryName, type Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { isResumable } from "./resume_progress.ts";
import { assertTaken, cancelSession, findBlob, type PushScope, sendStart } from "./upload_calls.ts";

const MAX_MOUNTS = 8; // each is a request; beyond that it is cheaper to send the bytes

/** Where a blob is taken from. */
export interface MountOptions extends CallOptions {
  /** A repository of the same registry. Without it the registry looks everywhere, if it can. */
  readonly from?: string | undefined;
}

/**
 * Ask that a blob of another repository be one of this (end-11).
 *
 * @returns Whether it is. When not, the registry wants its bytes: push it.
 * @throws {TidegateError} INVALID_DIGEST or INVALID_NAME before any request; UNAUTHORIZED,
 * FORBIDDEN, NOT_FOUND and what else the registry answers; DIGEST_MISMATCH when it took another.
 */
export async function mountBlob(
  context: ClientContext,
  ref: Pick<Reference, "registry" | "repository">,
  digest: string,
  { from, signal }: MountOptions = {},
): Promise<boolean> {
  const asked = parseDigest(digest);
  parseRepositoryName(ref.repository);
  const image = `${ref.repository}@${asked}`;
  const scope: PushScope = { context, connection: context.connect(ref), image, signal };
  const { target } = scope.connection;
  const start = await sendStart(scope, mountBlobRequest(target, asked, { from, signal }));
  if (start.state === "open") await cancelSession(scope, start.session.location);
  else assertTaken(asked, start.digest);
  return start.state === "created";
}

/**
 * Try one repository after another, then all of them if wanted.
 *
 * @returns The blob's size; or the session that the last one opened instead, to be used or
 * cancelled; or nothing.
 */
export async function tryMounts(
  scope: PushScope,
  digest: Digest,
  size: number | undefined,
  names: readonly string[],
  anywhere: boolean,
): Promise<number | UploadSession | undefined> {
  const others = names.filter((name) => name !== scope.connection.target.repository);
  const candidates = [...new Set(others)].slice(0, MAX_MOUNTS);
  let session: UploadSession | undefined;
  for (const from of [...candidates, ...(anywhere ? [undefined] : [])]) {
    const start = await tryMount(scope, digest, from);
    if (start === undefined) continue;
    if (session !== undefined) await cancelSession(scope, session.location);
    if (start === "created") {
      const found = size ?? await findBlob(scope, digest, undefined);
      if (found !== undefined) return found;
      const reason = "the registry does not tell the size of what it mounted";
      throw new TidegateError("UPLOAD_FAILED", `The mount failed: ${reason}`, { reason });
    }
    session = start;
  }
  return session;
}

/** A refusal is none of the push's: the other repository may be hidden, or mounts not known. */
async function tryMount(
  scope: PushScope,
  digest: Digest,
  from: string | undefined,
): Promise<"created" | UploadSession | undefined> {
  const { connection: { target }, signal } = scope;
  try {
    const start = await sendStart(scope, mountBlobRequest(target, digest, { from, signal }));
    if (start.state === "open") return start.session;
    assertTaken(digest, start.digest);
    return "created";
  } catch (error) {
    const isRefusal = isTidegateError(error) && !isResumable(error) &&
      error.code !== "ORIGIN_NOT_TRUSTED" && error.code !== "RATE_LIMITED";
    if (isRefusal) return undefined;
    throw error;
  }
}
