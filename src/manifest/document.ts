import {
  AmbiguousJsonError,
  excerpt,
  type Json,
  type JsonObject,
  MAX_JSON_DEPTH,
  parseJson,
  TidegateError,
} from "../core/mod.ts";
import { knownKeys, readObject, readString, refuseCaseVariants } from "./fields.ts";
import { ambiguousManifest, invalidManifest } from "./invalid_manifest.ts";
import {
  documentKind,
  type ManifestMediaType,
  MEDIA_TYPES,
  parseContentType,
} from "./media_type.ts";

/** A document whose kind is certain; its descriptors are not checked yet. */
export interface Document {
  readonly kind: "image" | "index";
  readonly mediaType: ManifestMediaType;
  readonly fields: JsonObject;
}

const DOCUMENT_KEYS = knownKeys(
  "schemaVersion mediaType config layers manifests subject artifactType annotations fsLayers",
);
const INTEGER_KEYS: ReadonlySet<string> = new Set(["size", "schemaVersion"]);

/** Content types that say nothing about the document. */
const GENERIC_TYPE = /^(application\/(json|octet-stream)|text\/plain)$/;

/**
 * Decide what a document is, or refuse it: its shape, its `mediaType` and the `Content-Type` it came
 * with must say the same (CVE-2021-41190).
 */
export function readDocument(bytes: Uint8Array, contentType: string | undefined): Document {
  const fields = readObject(parseDocument(bytes), "the document");
  refuseCaseVariants(fields, DOCUMENT_KEYS, "the document");
  const declared = declaredTypes(fields, contentType);
  refuseSchema1(fields, declared);
  refuseOtherTypes(declared);
  if (fields["schemaVersion"] !== 2) throw invalidManifest("schemaVersion", "must be 2");
  const kind = kindByShape(fields);
  return { kind, mediaType: agreedType(kind, declared), fields };
}

/** Parse a document's JSON with the rules for manifests. */
export function parseDocument(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes, MAX_JSON_DEPTH, INTEGER_KEYS);
  } catch (cause) {
    const reason = cause instanceof Error ? `is refused: ${cause.message}` : "is no JSON";
    const refuse = cause instanceof AmbiguousJsonError ? ambiguousManifest : invalidManifest;
    throw refuse("the document", excerpt(reason), { cause });
  }
}

interface DeclaredTypes {
  /** The document's own `mediaType`. */
  readonly own: string | undefined;
  /** The `Content-Type` it came with, unless that says nothing. */
  readonly sent: string | undefined;
}

function declaredTypes(fields: JsonObject, contentType: string | undefined): DeclaredTypes {
  const own = Object.hasOwn(fields, "mediaType")
    ? readString(fields["mediaType"], "mediaType")
    : undefined;
  if (contentType === undefined || contentType === "") return { own, sent: undefined };
  const sent = parseContentType(contentType);
  if (sent === undefined) {
    throw ambiguousManifest(`Content-Type "${contentType}"`, "is not one media type");
  }
  return { own, sent: GENERIC_TYPE.test(sent) ? undefined : sent };
}

function refuseSchema1(fields: JsonObject, { own, sent }: DeclaredTypes): void {
  const isSchema1 = fields["schemaVersion"] === 1 || Object.hasOwn(fields, "fsLayers") ||
    [own, sent].some((type) => type !== undefined && documentKind(type) === "schema1");
  if (!isSchema1) return;
  throw unsupported("Docker schema 1 manifest", "Pushing with a current client converts it");
}

function refuseOtherTypes({ own, sent }: DeclaredTypes): void {
  const type = [own, sent].find((t) => t !== undefined && documentKind(t) === undefined);
  if (type === undefined) return;
  throw unsupported(
    `Manifest media type "${excerpt(type)}"`,
    "Only OCI and Docker v2 images and indexes are read",
  );
}

function unsupported(what: string, reason: string): TidegateError {
  return new TidegateError("UNSUPPORTED", `${what} is not supported`, { what, reason });
}

function kindByShape(fields: JsonObject): "image" | "index" {
  const isImage = Object.hasOwn(fields, "config") || Object.hasOwn(fields, "layers");
  const isIndex = Object.hasOwn(fields, "manifests");
  if (isImage && isIndex) {
    throw ambiguousManifest("the document", "has manifests beside config or layers");
  }
  if (isImage || isIndex) return isImage ? "image" : "index";
  throw invalidManifest("the document", "must have config and layers, or manifests");
}

function agreedType(kind: "image" | "index", { own, sent }: DeclaredTypes): ManifestMediaType {
  const stranger = [own, sent].find((type) => type !== undefined && documentKind(type) !== kind);
  if (stranger !== undefined) {
    throw ambiguousManifest(stranger, `is not the media type of an ${kind}`);
  }
  if (own !== undefined && sent !== undefined && own !== sent) {
    throw ambiguousManifest(sent, `is not the document's mediaType ${own}`);
  }
  if (own === undefined && sent?.startsWith("application/vnd.docker.")) {
    throw ambiguousManifest(sent, "is not in the document");
  }
  const byShape = kind === "image" ? MEDIA_TYPES.imageManifest : MEDIA_TYPES.imageIndex;
  return (own ?? sent ?? byShape) as ManifestMediaType;
}
