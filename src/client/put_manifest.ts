import { isTidegateError } from "../core/mod.ts";
import { MAX_PUSH_TAGS } from "../distribution/mod.ts";
import {
  buildImageIndex,
  buildImageManifest,
  type BuildImageOptions,
  type BuildIndexOptions,
  type Manifest,
} from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import { type Digest, digestAlgorithm, parseTag, type Reference } from "../reference/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { addReferrer } from "./referrers_tag.ts";
import { type PreparedManifest, prepareManifest, sendManifest } from "./send_manifest.ts";

/** What may be pushed as a manifest: its bytes, one that was read or built, or what it consists of. */
export type ManifestContent = Uint8Array | Manifest | BuildImageOptions | BuildIndexOptions;

/** How a manifest is pushed. */
export interface PutManifestOptions extends CallOptions {
  /** Must be the document's own `mediaType` where it names one. Default is what its shape says. */
  readonly mediaType?: string | undefined;
  /** Tags to set beside the reference's own. */
  readonly tags?: readonly string[] | undefined;
}

/** A manifest that a registry took. */
export interface PushedManifest {
  /** Computed from the bytes that were sent. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** The tags that point to it now. */
  readonly tags: readonly string[];
  /** Of a manifest with a `subject`: who lists it, the registry's API or the fallback tag. */
  readonly listedBy?: "api" | "tag";
}

/**
 * Push a manifest, byte for byte as given (end-7), to the reference's tag, or by its digest where
 * that is all it has. What it lists must be there already.
 *
 * Further tags are set in the same request where the registry can (end-7b), else one by one. A
 * manifest with a `subject` is listed as its referrer: by the registry, or in the fallback tag.
 * Nothing is sent before the manifest was checked; a push may be repeated.
 *
 * @throws {TidegateError} DIGEST_MISMATCH against the reference's digest, or when the registry keeps
 * something else; LIMIT_EXCEEDED, INVALID_MANIFEST, AMBIGUOUS_MANIFEST, UNSUPPORTED, INVALID_TAG;
 * MANIFEST_BLOB_UNKNOWN with the digests that the registry lacks; CONFLICT from the fallback tag;
 * what else the registry answers.
 */
export async function putManifest(
  context: ClientContext,
  ref: Reference,
  content: ManifestContent,
  options: PutManifestOptions = {},
): Promise<PushedManifest> {
  const tags = tagsOf(ref, options.tags);
  const { bytes, mediaType } = contentBytes(content, options.mediaType);
  const expected = { digest: ref.digest, mediaType };
  const prepared = await prepareManifest(bytes, expected, context.settings.limits.manifestBytes);
  return await putPrepared(context, context.connect(ref), prepared, tags, options);
}

/** The reference's own tag and further ones, each once. */
export function tagsOf(
  { tag }: Pick<Reference, "tag">,
  tags: readonly string[] = [],
): readonly string[] {
  return [...new Set([...(tag === undefined ? [] : [tag]), ...tags])].map(parseTag);
}

/** Push a manifest to tags, or by its digest without any, and see that referrers are listed. */
export async function putPrepared(
  context: ClientContext,
  connection: RepositoryConnection,
  prepared: PreparedManifest,
  tags: readonly string[],
  { signal }: CallOptions,
): Promise<PushedManifest> {
  const { digest, mediaType, bytes, manifest } = prepared;
  const push = async (reference: string, more?: readonly string[]): Promise<PushAnswer> =>
    await sendManifest(context, connection, reference, prepared, { tags: more, signal });
  const subject = await pushTags(push, digest, tags);
  observe(context.settings.observer, {
    type: "manifest.pushed",
    upstream: connection.upstream.name,
    digest,
    size: bytes.length,
    tags,
  });
  const pushed: PushedManifest = { digest, mediaType, size: bytes.length, tags };
  if (manifest.subject === undefined) return pushed;
  const { referrers } = connection.upstream.profile;
  const isListed = referrers !== "tag" && subject === manifest.subject.digest;
  if (referrers === "api" || isListed) return { ...pushed, listedBy: "api" };
  const place = { context, connection, subject: manifest.subject.digest, signal };
  await addReferrer({ ...place, referrer: prepared });
  return { ...pushed, listedBy: "tag" };
}

interface PushAnswer {
  readonly subject?: Digest | undefined;
  readonly tags: readonly string[];
}

/** Returns the subject that the registry named in any of its answers. */
async function pushTags(
  push: (reference: string, more?: readonly string[]) => Promise<PushAnswer>,
  digest: Digest,
  tags: readonly string[],
): Promise<Digest | undefined> {
  const [only, ...others] = tags;
  if (only === undefined) return (await push(digest)).subject;
  // by tag, a registry files what it gets under sha256
  const isByTag = others.length === 0 && digestAlgorithm(digest) === "sha256";
  if (isByTag) return (await push(only)).subject;
  let subject: Digest | undefined;
  let left = tags;
  for (let isTaken = true; isTaken && left.length > 0;) {
    const answer = await pushBatch(push, digest, left.slice(0, MAX_PUSH_TAGS));
    const after = left.filter((tag) => !answer.tags.includes(tag));
    isTaken = after.length < left.length;
    left = after;
    subject ??= answer.subject;
  }
  for (const tag of left) {
    const answer = await push(tag);
    subject ??= answer.subject;
  }
  return subject;
}

const QUERY_REFUSED: readonly number[] = [400, 404, 405, 414, 431]; // by registries without end-7b

async function pushBatch(
  push: (reference: string, more?: readonly string[]) => Promise<PushAnswer>,
  digest: Digest,
  tags: readonly string[],
): Promise<PushAnswer> {
  try {
    return await push(digest, tags);
  } catch (error) {
    const isAnswer = isTidegateError(error, "UNEXPECTED_RESPONSE") ||
      isTidegateError(error, "NOT_FOUND");
    if (!isAnswer || !QUERY_REFUSED.includes(error.details.status)) throw error;
    return await push(digest);
  }
}

function contentBytes(
  content: ManifestContent,
  mediaType: string | undefined,
): { readonly bytes: Uint8Array; readonly mediaType: string | undefined } {
  if (content instanceof Uint8Array) return { bytes: content, mediaType };
  const manifest = "raw" in content
    ? content
    : "manifests" in content
    ? buildImageIndex(content)
    : buildImageManifest(content);
  return { bytes: manifest.raw, mediaType: mediaType ?? manifest.mediaType };
}
