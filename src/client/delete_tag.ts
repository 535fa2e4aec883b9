import { isTidegateError, TidegateError } from "../core/mod.ts";
import { deleteManifestRequest } from "../distribution/mod.ts";
import { buildImageManifest, EMPTY_DESCRIPTOR } from "../manifest/mod.ts";
import { encodeHex, encodeUtf8 } from "../core/mod.ts";
import { parseTag, type Reference } from "../reference/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import { pushBlob } from "./push_blob.ts";
import { sendDelete } from "./send_delete.ts";
import { type PreparedManifest, prepareManifest, sendManifest } from "./send_manifest.ts";

/** How a tag is deleted. */
export interface DeleteTagOptions extends CallOptions {
  /**
   * Where the registry does not delete tags (distribution before 3): point the tag to an empty
   * manifest of its own, and delete that. For a moment, pulls of the tag get it; and it needs the
   * right to push. Default is `false`.
   */
  readonly viaEmptyManifest?: boolean | undefined;
}

/**
 * Delete a tag (end-9). The manifest and its other tags stay.
 *
 * @param ref With a tag. Its digest, if any, is ignored.
 * @throws {TidegateError} NOT_FOUND; UNSUPPORTED where the registry does not delete tags, and, with
 * `viaEmptyManifest`, manifests neither: then the tag points to where it did before; what else the
 * registry answers.
 * @throws {TypeError} For a reference without a tag.
 */
export async function deleteTag(
  context: ClientContext,
  ref: Reference,
  { signal, viaEmptyManifest = false }: DeleteTagOptions = {},
): Promise<void> {
  if (ref.tag === undefined) throw new TypeError("There is no tag to delete in the reference");
  const tag = parseTag(ref.tag);
  const connection = context.connect(ref);
  const request = deleteManifestRequest(connection.target, tag, { signal });
  const advice = "viaEmptyManifest deletes the tag with a manifest that takes its place";
  try {
    await sendDelete(context, connection, request, `${ref.repository}:${tag}`, advice);
  } catch (error) {
    if (!viaEmptyManifest || !isTidegateError(error, "UNSUPPORTED")) throw error;
    await deleteWithManifest(context, connection, { ...ref, tag }, { signal });
  }
}

async function deleteWithManifest(
  context: ClientContext,
  connection: RepositoryConnection,
  { registry, repository, tag }: Reference & { readonly tag: string },
  { signal }: CallOptions,
): Promise<void> {
  const before = await getManifest(context, { registry, repository, tag }, { signal });
  const empty = await emptyManifest(context);
  await pushBlob(context, { registry, repository }, encodeUtf8("{}"), {
    digest: EMPTY_DESCRIPTOR.digest,
    size: EMPTY_DESCRIPTOR.size,
    signal,
  });
  await sendManifest(context, connection, tag, empty, { signal });
  try {
    const request = deleteManifestRequest(connection.target, empty.digest, { signal });
    await sendDelete(context, connection, request, `${repository}:${tag}`, "nor manifests");
  } catch (error) {
    await restore(context, connection, tag, before, error);
    throw error;
  }
}

/** Not under the caller's signal: what was begun must be taken back even when it is aborted. */
async function restore(
  context: ClientContext,
  connection: RepositoryConnection,
  tag: string,
  before: PreparedManifest,
  cause: unknown,
): Promise<void> {
  try {
    await sendManifest(context, connection, tag, before);
  } catch {
    const reason = `the tag points to an empty manifest now, and before to ${before.digest}`;
    const what = `deleting ${connection.target.repository}:${tag}`;
    throw new TidegateError("UNSUPPORTED", `${what} failed: ${reason}`, { what, reason }, {
      cause,
    });
  }
}

/** One that nobody else has: deleting it can delete no other tag. */
async function emptyManifest(
  { settings: { limits, random } }: ClientContext,
): Promise<PreparedManifest> {
  const { raw } = buildImageManifest({
    artifactType: "application/vnd.tidegate.deleted.v1",
    layers: [],
    annotations: { "dev.tidegate.nonce": encodeHex(random.bytes(16)) },
  });
  return await prepareManifest(raw, {}, limits.manifestBytes);
}
