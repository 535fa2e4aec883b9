import { TidegateError } from "../core/mod.ts";
import { digestBytes } from "../hash/mod.ts";
import {
  buildImageManifest,
  type Descriptor,
  EMPTY_DESCRIPTOR,
  type Manifest,
  MEDIA_TYPES,
} from "../manifest/mod.ts";
import { encodeUtf8 } from "../core/mod.ts";
import { formatDigest, type Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import { inParallel } from "./parallel.ts";
import { pushBlob } from "./push_blob.ts";
import { type PushedManifest, putPrepared } from "./put_manifest.ts";
import { type PreparedManifest, prepareManifest } from "./send_manifest.ts";

/** A layer whose bytes are pushed with the artifact. */
export interface ArtifactLayer {
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** What is attached to a manifest: a signature, an SBOM, an attestation. */
export interface Artifact {
  /** `application/vnd.cyclonedx+json`: what referrers are filtered by. */
  readonly artifactType: string;
  /** Its content; a descriptor stands for a blob that was pushed before. Default is none. */
  readonly layers?: readonly (ArtifactLayer | Descriptor)[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A referrer that was attached. */
export interface AttachedReferrer extends PushedManifest {
  /** What it refers to. */
  readonly subject: Descriptor;
  /** Who lists it, the registry's API or the fallback tag. */
  readonly listedBy: "api" | "tag";
}

const PARALLEL_BLOBS = 4;

/**
 * Attach an artifact to a manifest: push it by its digest with the manifest as its `subject`, and
 * see that it is listed, by the registry's referrers API or in the fallback tag.
 *
 * Writers of one fallback tag do not lose each other's entries where the registry honours `If-Match`.
 * Elsewhere each waits three seconds to see whether its entry stands, and adds it again if not: that
 * holds among writers that do the same, and need less than two seconds from reading to writing.
 *
 * @param ref The manifest that is referred to. By tag, it is resolved first.
 * @param artifact What to attach, or the manifest of an artifact that names it as its `subject` and
 * whose blobs are there.
 * @throws {TidegateError} NOT_FOUND for the subject; DIGEST_MISMATCH when the given manifest has
 * another one; INVALID_MANIFEST when it has none; CONFLICT, LIMIT_EXCEEDED and INVALID_MANIFEST from
 * the fallback tag; what `manifests.put` and `blobs.put` throw.
 */
export async function attachReferrer(
  context: ClientContext,
  ref: Reference,
  artifact: Artifact | Uint8Array | Manifest,
  { signal }: CallOptions = {},
): Promise<AttachedReferrer> {
  const given = manifestBytes(artifact);
  const prepared = given === undefined
    ? await buildArtifact(context, ref, artifact as Artifact, { signal })
    : await checkGiven(context, ref, given, { signal });
  const { subject } = prepared.manifest;
  if (subject === undefined) throw withoutSubject(prepared);
  const pushed = await putPrepared(context, context.connect(ref), prepared, [], { signal });
  return { ...pushed, subject, listedBy: pushed.listedBy ?? "api" };
}

function manifestBytes(artifact: Artifact | Uint8Array | Manifest): Uint8Array | undefined {
  if (artifact instanceof Uint8Array) return artifact;
  return "raw" in artifact ? artifact.raw : undefined;
}

async function checkGiven(
  context: ClientContext,
  ref: Reference,
  bytes: Uint8Array,
  options: CallOptions,
): Promise<PreparedManifest> {
  const { limits: { manifestBytes } } = context.settings;
  const prepared = await prepareManifest(bytes, {}, manifestBytes);
  const { subject } = prepared.manifest;
  if (subject === undefined) throw withoutSubject(prepared);
  const expected = ref.digest ?? (await getManifest(context, ref, options)).digest;
  if (expected === subject.digest) return prepared;
  const message = `The manifest refers to ${subject.digest}, not to ${expected}`;
  throw new TidegateError("DIGEST_MISMATCH", message, { expected, computed: subject.digest });
}

async function buildArtifact(
  context: ClientContext,
  ref: Reference,
  { artifactType, layers = [], annotations }: Artifact,
  options: CallOptions,
): Promise<PreparedManifest> {
  const described = await Promise.all(layers.map(describe));
  const empty = { mediaType: MEDIA_TYPES.empty, content: encodeUtf8("{}") };
  const listed = described.length > 0 ? described : [EMPTY_DESCRIPTOR];
  // before any request: what cannot be built must not be begun
  buildImageManifest({ artifactType, layers: listed, ...(annotations && { annotations }) });
  const subject = await describeSubject(context, ref, options);
  const { raw } = buildImageManifest({
    artifactType,
    layers: listed,
    subject,
    ...(annotations && { annotations }),
  });
  const prepared = await prepareManifest(raw, {}, context.settings.limits.manifestBytes);
  const contents = [empty, ...layers.filter(hasContent)];
  await inParallel(contents, PARALLEL_BLOBS, options.signal, async ({ content }, _, signal) => {
    await pushBlob(context, ref, content, { signal });
  });
  return prepared;
}

function hasContent(layer: ArtifactLayer | Descriptor): layer is ArtifactLayer {
  return "content" in layer;
}

async function describe(layer: ArtifactLayer | Descriptor): Promise<Descriptor> {
  if (!hasContent(layer)) return layer;
  const { annotations, content, mediaType } = layer;
  const digest = formatDigest("sha256", await digestBytes("sha256", content.slice()));
  const described = { mediaType, digest, size: content.length };
  return annotations === undefined ? described : { ...described, annotations };
}

async function describeSubject(
  context: ClientContext,
  ref: Reference,
  options: CallOptions,
): Promise<Descriptor> {
  const { digest, mediaType, size } = await getManifest(context, ref, options);
  return { mediaType, digest, size };
}

function withoutSubject({ digest }: PreparedManifest): TidegateError<"INVALID_MANIFEST"> {
  const reason = "must name a subject to be a referrer";
  return new TidegateError("INVALID_MANIFEST", `Manifest ${digest} ${reason}`, {
    input: digest,
    reason,
  });
}
