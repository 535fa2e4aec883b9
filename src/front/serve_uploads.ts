import { type HashAlgorithm, isTransient } from "../core/mod.ts";
import { mountBlobRequest, readUploadStart } from "../distribution/mod.ts";
import { type Digest, digestAlgorithm, tryParseDigest } from "../reference/mod.ts";
import type { Answer } from "./answer.ts";
import type { DoorRequest } from "./door_request.ts";
import { refuse } from "./error_answer.ts";
import { hasBlob } from "./has_blob.ts";
import { mountSource } from "./mount_source.ts";
import { finishUpload } from "./serve_upload.ts";
import type { Upload } from "./upload.ts";
import { createdAnswer, progressAnswer } from "./upload_answer.ts";
import { adoptSession, exchange, startUpstream } from "./upstream_upload.ts";

/**
 * POST: begin an upload (end-4a), push a whole blob (end-4b), or mount one of another repository
 * (end-11).
 *
 * A whole blob goes to the upstream as an upload, too, so that its digest is known before anything is
 * committed. A mount that cannot be is an upload that begins: a digest alone gives no right to a blob,
 * so that it takes a repository that the caller may pull from.
 */
export async function serveUploads(door: DoorRequest): Promise<Answer> {
  const query = door.url.searchParams;
  const named = query.get("digest");
  const mounted = query.get("mount");
  const digest = named === null ? undefined : tryParseDigest(named);
  if (named !== null && digest === undefined) return refuse("badDigest");
  const algorithm = digest ? digestAlgorithm(digest) : parseAlgorithm(query);
  if (algorithm === undefined) return refuse("badDigest");
  if (digest !== undefined) {
    return await finishUpload(door, await startUpstream(door, algorithm), digest, true);
  }
  const begun = mounted === null ? undefined : await tryMount(door, mounted, query.get("from"));
  if (typeof begun === "string") return createdAnswer(door, begun);
  return await progressAnswer(door, begun ?? await startUpstream(door, algorithm), 202);
}

function parseAlgorithm(query: URLSearchParams): HashAlgorithm | undefined {
  const name = query.get("digest-algorithm") ?? "sha256";
  return name === "sha256" || name === "sha512" ? name : undefined;
}

/**
 * @returns The digest once it is mounted and there, the upload that the upstream began instead, or
 * undefined when the mount was not asked for, was refused or left nothing.
 */
async function tryMount(
  door: DoorRequest,
  mounted: string,
  source: string | null,
): Promise<Digest | Upload | undefined> {
  const digest = tryParseDigest(mounted);
  const from = source === null ? undefined : mountSource(door, source);
  if (digest === undefined || from === undefined) return undefined;
  const request = mountBlobRequest(door.target, digest, { from });
  try {
    const start = await exchange(door, request, [201, 202], ({ status, headers }, from) => {
      return { ...readUploadStart(status, headers, from), from };
    });
    if (start.state === "open") {
      return adoptSession(door, digestAlgorithm(digest), start.session, start.from);
    }
    const isSame = start.digest === undefined || start.digest === digest;
    // distribution answers 201 for one of SHA-512, too, and has nothing afterwards
    return isSame && await hasBlob(door, digest, request.scopes) ? digest : undefined;
  } catch (error) {
    if (isTransient(error)) throw error;
    return undefined; // 401, 403, 404, 405: there are registries without mounts
  }
}
