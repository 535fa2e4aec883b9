import { decodeBase64, excerpt, isTidegateError, type Json } from "../core/mod.ts";
import { type Digest, parseDigest } from "../reference/mod.ts";
import {
  knownKeys,
  readObject,
  readOptional,
  readSize,
  readString,
  readStringMap,
  readStrings,
  refuseCaseVariants,
} from "./fields.ts";
import { ambiguousManifest, invalidManifest } from "./invalid_manifest.ts";
import { isMediaType, MEDIA_TYPES } from "./media_type.ts";
import type { Platform } from "./platform.ts";

/**
 * What a manifest says of one blob or manifest.
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/descriptor.md | image-spec, Descriptors}
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Length in bytes. */
  readonly size: number;
  /** Where else the content may be had. Never asked with credentials, by default not at all. */
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself in base64, `size` bytes long: see {@linkcode descriptorData}. */
  readonly data?: string;
  readonly artifactType?: string;
  /** In an index: what the image runs on, spelled as in the document. */
  readonly platform?: Platform;
}

const DESCRIPTOR_KEYS = knownKeys(
  "mediaType digest size urls annotations data artifactType platform",
);
const PLATFORM_KEYS = knownKeys("architecture os os.version os.features variant");

/**
 * Check the descriptor at `part` of a document.
 *
 * @throws {TidegateError} INVALID_MANIFEST naming the field; AMBIGUOUS_MANIFEST for a field that is
 * known by another case; UNSUPPORTED for a digest algorithm that cannot be verified.
 */
export function readDescriptor(value: Json | undefined, part: string): Descriptor {
  const fields = readObject(value, part);
  refuseCaseVariants(fields, DESCRIPTOR_KEYS, part);
  const size = readSize(fields["size"], `${part}.size`);
  return {
    mediaType: readMediaType(fields["mediaType"], `${part}.mediaType`),
    digest: readDigest(fields["digest"], `${part}.digest`),
    size,
    ...readOptional(fields, `${part}.`, {
      urls: readStrings,
      annotations: readStringMap,
      data: (data, part) => readData(data, size, part),
      artifactType: readString,
      platform: readPlatform,
    }),
  };
}

/**
 * The content that a descriptor carries inside, or undefined. It has the right length; whether it
 * has the right digest is for `verify` to say.
 */
export function descriptorData(descriptor: Descriptor): Uint8Array<ArrayBuffer> | undefined {
  return descriptor.data === undefined ? undefined : decodeBase64(descriptor.data);
}

/** Whether a layer lives outside the registry: foreign or non-distributable, or with `urls`. */
export function isForeignLayer(descriptor: Descriptor): boolean {
  const { mediaType, urls = [] } = descriptor;
  return urls.length > 0 || mediaType === MEDIA_TYPES.dockerForeignLayer ||
    mediaType.startsWith("application/vnd.oci.image.layer.nondistributable.");
}

/**
 * Check the platform at `part` of a document: an index entry, or an image config.
 *
 * @throws {TidegateError} INVALID_MANIFEST or AMBIGUOUS_MANIFEST naming the field.
 */
export function readPlatform(value: Json | undefined, part: string): Platform {
  const fields = readObject(value, part);
  refuseCaseVariants(fields, PLATFORM_KEYS, part);
  const { variant, "os.version": osVersion, "os.features": osFeatures } = readOptional(
    fields,
    `${part}.`,
    { variant: readString, "os.version": readString, "os.features": readStrings },
  );
  return {
    os: readString(fields["os"], `${part}.os`),
    architecture: readString(fields["architecture"], `${part}.architecture`),
    // Go writes an absent string as the empty one
    ...(variant ? { variant } : {}),
    ...(osVersion ? { osVersion } : {}),
    ...(osFeatures ? { osFeatures } : {}),
  };
}

function readMediaType(value: Json | undefined, part: string): string {
  const text = readString(value, part);
  // artifacts in the wild carry parameters
  if (isMediaType(text.replace(/\s?;.*/s, ""))) return text;
  throw invalidManifest(part, `must be a media type, not "${excerpt(text, 64)}"`);
}

function readDigest(value: Json | undefined, part: string): Digest {
  try {
    return parseDigest(readString(value, part));
  } catch (cause) {
    if (!isTidegateError(cause, "INVALID_DIGEST")) throw cause;
    throw invalidManifest(part, cause.details.reason, { cause });
  }
}

function readData(value: Json, size: number, part: string): string {
  const text = readString(value, part);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw invalidManifest(part, "must be base64 with padding");
  }
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length / 4 * 3 - padding === size) return text;
  throw ambiguousManifest(part, `does not hold the ${size} bytes that its size says`);
}
