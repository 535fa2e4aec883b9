import { type ErrorCode, isTidegateError } from "../core/mod.ts";
import { deleteManifestRequest } from "../distribution/mod.ts";
import type { Digest, Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import { addReferrer, removeReferrer } from "./referrers_tag.ts";
import { sendDelete } from "./send_delete.ts";
import type { PreparedManifest } from "./send_manifest.ts";

/**
 * Delete a manifest and with it every tag that points to it (end-9). Its blobs stay. One with a
 * `subject` is taken off the fallback tag first, where it is listed there, and put back if it stays.
 *
 * @param ref With a digest.
 * @throws {TidegateError} NOT_FOUND; UNSUPPORTED where the registry does not delete manifests;
 * CONFLICT from the fallback tag; what else the registry answers.
 * @throws {TypeError} For a reference by tag alone: it says nothing about other tags.
 */
export async function deleteManifest(
  context: ClientContext,
  ref: Reference,
  { signal }: CallOptions = {},
): Promise<void> {
  const { digest } = ref;
  if (digest === undefined) {
    throw new TypeError("A manifest is deleted by its digest; tags.delete deletes a tag alone");
  }
  const connection = context.connect(ref);
  const deletion = async (): Promise<void> => {
    const request = deleteManifestRequest(connection.target, digest, { signal });
    const advice = "it deletes no manifests";
    await sendDelete(context, connection, request, `${ref.repository}@${digest}`, advice);
  };
  const listed = await readReferrer(context, { ...ref, digest }, { signal });
  const subject = listed?.manifest.subject;
  if (listed === undefined || subject === undefined) return await deletion();
  const place = { context, connection, subject: subject.digest, referrer: listed, signal };
  const wasListed = await removeReferrer(place);
  try {
    await deletion();
  } catch (error) {
    if (wasListed) await listAgain(context, { ...ref, digest }, subject.digest);
    throw error;
  }
}

/**
 * Not under the caller's signal: what was begun must be taken back even when it is aborted. That this
 * fails, too, hides not why the deletion did.
 */
async function listAgain(
  context: ClientContext,
  ref: Reference & { readonly digest: Digest },
  subject: Digest,
): Promise<void> {
  try {
    const referrer = await readReferrer(context, ref, {});
    const connection = context.connect(ref);
    if (referrer) await addReferrer({ context, connection, subject, referrer });
  } catch {
    // the first failure tells more
  }
}

/** Manifests that nobody can read, or that are not there, are listed nowhere. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NOT_FOUND",
  "INVALID_MANIFEST",
  "AMBIGUOUS_MANIFEST",
  "UNSUPPORTED",
  "DIGEST_MISMATCH",
  "LIMIT_EXCEEDED",
]);

async function readReferrer(
  context: ClientContext,
  ref: Reference & { readonly digest: Digest },
  options: CallOptions,
): Promise<PreparedManifest | undefined> {
  if (context.connect(ref).upstream.profile.referrers === "api") return undefined;
  try {
    return await getManifest(context, ref, options);
  } catch (error) {
    if (isTidegateError(error) && UNREADABLE.has(error.code)) return undefined;
    throw error;
  }
}
