import {
  encodeUtf8,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  TidegateError,
  tooLong,
} from "../core/mod.ts";
import { MEDIA_TYPES } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { PreparedManifest } from "./send_manifest.ts";

/** The list of referrers that a fallback tag holds, with all that others wrote into it. */
export interface ReferrersIndex {
  /** Everything beside the entries. */
  readonly fields: JsonObject;
  readonly manifests: readonly Json[];
}

const EMPTY: ReferrersIndex = {
  fields: { schemaVersion: 2, mediaType: MEDIA_TYPES.imageIndex },
  manifests: [],
};

/**
 * Read the list. Entries are kept as they are, also those of kinds that are not known here.
 *
 * @param bytes Undefined for a tag that is not there: an empty list.
 * @throws {TidegateError} INVALID_MANIFEST when it is no OCI index.
 */
export function parseReferrersIndex(bytes: Uint8Array | undefined): ReferrersIndex {
  if (bytes === undefined) return EMPTY;
  let document: Json;
  try {
    document = parseJson(bytes);
  } catch (cause) {
    throw noIndex("is no JSON that can be changed", { cause });
  }
  const { manifests, ...fields } = isJsonObject(document) ? document : {};
  const list = manifests ?? []; // Go writes an empty list as null
  const isIndex = fields["schemaVersion"] === 2 && Array.isArray(list) &&
    (fields["mediaType"] ?? MEDIA_TYPES.imageIndex) === MEDIA_TYPES.imageIndex &&
    manifests !== undefined;
  if (!isIndex) throw noIndex("is no OCI index");
  return { fields, manifests: list as readonly Json[] };
}

/**
 * The bytes of a list.
 * @throws {TidegateError} LIMIT_EXCEEDED past `maximum`.
 */
export function writeReferrersIndex(
  { fields, manifests }: ReferrersIndex,
  maximum: number,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeUtf8(JSON.stringify({ ...fields, manifests }));
  if (bytes.length > maximum) throw tooLong("list of referrers", maximum);
  return bytes;
}

/** The entry for a referrer (distribution-spec, "Listing Referrers"). */
export function referrerEntry(
  { bytes, digest, manifest, mediaType }: PreparedManifest,
): JsonObject {
  const { annotations } = manifest;
  const artifactType = manifest.artifactType ||
    (manifest.kind === "image" ? manifest.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

/** The list with an entry more; undefined when it has one of that digest. */
export function addEntry(
  { fields, manifests }: ReferrersIndex,
  entry: JsonObject,
): ReferrersIndex | undefined {
  if (manifests.some((one) => digestOf(one) === entry["digest"])) return undefined;
  return { fields, manifests: [...manifests, entry] };
}

/** The list without the entries of a digest; undefined when it has none. */
export function removeEntry(
  { fields, manifests }: ReferrersIndex,
  digest: Digest,
): ReferrersIndex | undefined {
  const rest = manifests.filter((one) => digestOf(one) !== digest);
  return rest.length === manifests.length ? undefined : { fields, manifests: rest };
}

function digestOf(entry: Json): Json | undefined {
  return isJsonObject(entry) ? entry["digest"] : undefined;
}

function noIndex(reason: string, options?: ErrorOptions): TidegateError<"INVALID_MANIFEST"> {
  const input = "fallback tag of referrers";
  const message = `What the ${input} points to ${reason}`;
  return new TidegateError("INVALID_MANIFEST", message, { input, reason }, options);
}
