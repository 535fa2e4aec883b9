import { decodeUtf8 } from "../core/mod.ts";
import type { Content } from "./content.ts";
import { errorReply } from "./error_body.ts";
import { DOCKER_TYPES, OCI_TYPES } from "./media_types.ts";
import { isSupportedDigest } from "./names.ts";
import type { PushSettings } from "./push_settings.ts";
import type { Reply } from "./reply.ts";
import type { Repository } from "./store.ts";

/** A manifest as it came: nothing in it is sure before it was checked. */
export type PushedDocument = Readonly<Record<string, unknown>>;

/** A descriptor whose required fields are right (image-spec, "Properties"). */
interface CheckedDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly urls?: readonly unknown[];
}

/** Layers that need not be pushed (image-spec, "Non-distributable layers"; Docker's foreign layers). */
const UNDISTRIBUTED = /\.(?:nondistributable|foreign)\./;

/** Read a manifest's JSON; a refusal if it is no object or calls itself something else. */
export function readDocument(
  bytes: Uint8Array,
  contentType: string,
): { readonly document: PushedDocument } | Reply {
  let document: unknown;
  try {
    document = JSON.parse(decodeUtf8(bytes));
  } catch {
    return invalid("The manifest is not JSON");
  }
  if (!isObject(document)) return invalid("The manifest is not an object");
  if (contentType === "") return invalid("The request has no Content-Type");
  if ("mediaType" in document && document["mediaType"] !== contentType) {
    return invalid("Content-Type and mediaType differ");
  }
  return { document };
}

/**
 * Refuse a manifest that the image-spec does not allow, or that names what the repository does not
 * have. A subject may be missing, and so may layers that are not for distribution. Documents of
 * other media types are not looked into.
 */
export function refuseManifest(
  document: PushedDocument,
  { mediaType, repository, settings }: {
    readonly mediaType: string;
    readonly repository: Repository;
    readonly settings: Pick<PushSettings, "sparseImages" | "sparseIndexes">;
  },
): Reply | undefined {
  const isImage = [OCI_TYPES.manifest, DOCKER_TYPES.manifest].includes(mediaType);
  const isIndex = [OCI_TYPES.index, DOCKER_TYPES.index].includes(mediaType);
  if (!isImage && !isIndex) return refuseSubject(document);
  if (document["schemaVersion"] !== 2) return invalid("schemaVersion is not 2");
  const listed = document[isImage ? "layers" : "manifests"] ?? [];
  if (!Array.isArray(listed)) return invalid("The list of descriptors is none");
  const needed = isImage ? [document["config"], ...listed] : listed;
  if (!needed.every(isDescriptor)) return invalid("A descriptor is not valid");
  const refusal = refuseSubject(document);
  if (refusal || (isImage ? settings.sparseImages : settings.sparseIndexes)) return refusal;
  return isImage ? refuseBlobs(needed, repository.blobs) : refuseChildren(needed, repository);
}

function refuseSubject({ subject }: PushedDocument): Reply | undefined {
  const isRight = subject === undefined || subject === null || isDescriptor(subject);
  return isRight ? undefined : invalid("The subject is not valid");
}

/** The digest of a checked manifest's subject. */
export function subjectOf({ subject }: PushedDocument): string | undefined {
  return isDescriptor(subject) ? subject.digest : undefined;
}

function refuseBlobs(
  needed: readonly CheckedDescriptor[],
  blobs: ReadonlyMap<string, Content>,
): Reply | undefined {
  const pushed = needed.filter(({ mediaType, urls }) =>
    !UNDISTRIBUTED.test(mediaType) && (urls ?? []).length === 0
  );
  const missing = pushed.find(({ digest }) => !blobs.has(digest));
  if (missing) return unknownBlob(missing.digest);
  const wrong = pushed.find(({ digest, size }) => blobs.get(digest)?.size !== size);
  return wrong && errorReply("SIZE_INVALID", "A descriptor has the wrong size", {
    detail: wrong.digest,
  });
}

function refuseChildren(
  needed: readonly CheckedDescriptor[],
  { manifests, blobs }: Repository,
): Reply | undefined {
  const missing = needed.find(({ digest }) => !manifests.has(digest) && !blobs.has(digest));
  return missing && unknownBlob(missing.digest);
}

function unknownBlob(detail: string): Reply {
  return errorReply("MANIFEST_BLOB_UNKNOWN", "The manifest names what is not here", { detail });
}

function invalid(message: string): Reply {
  return errorReply("MANIFEST_INVALID", message);
}

function isDescriptor(value: unknown): value is CheckedDescriptor {
  if (!isObject(value)) return false;
  const { mediaType, digest, size, urls } = value;
  return typeof mediaType === "string" && typeof digest === "string" &&
    isSupportedDigest(digest) && Number.isSafeInteger(size) && Number(size) >= 0 &&
    (urls === undefined || urls === null || Array.isArray(urls));
}

function isObject(value: unknown): value is PushedDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
