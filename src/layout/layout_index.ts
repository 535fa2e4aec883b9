import {
  encodeUtf8,
  excerpt,
  isTidegateError,
  type Json,
  MAX_JSON_DEPTH,
  MAX_LAYOUT_INDEX_NODES,
  parseJson,
} from "../core/mod.ts";
import { type Descriptor, MEDIA_TYPES, type Platform, readDescriptor } from "../manifest/mod.ts";
import { isCacheAnnotation, readCacheRecord } from "./cache_record.ts";
import type { LayoutEntry } from "./layout.ts";

/** The annotation that names an entry. */
export const REF_NAME = "org.opencontainers.image.ref.name";

type JsonObject = { readonly [key: string]: Json };

/** An `index.json`: what it says, and all of its JSON, so that nothing of other tools gets lost. */
export interface LayoutIndex {
  readonly document: JsonObject;
  readonly lines: readonly IndexLine[];
}

/** One of its entries. */
export interface IndexLine {
  readonly json: JsonObject;
  readonly entry: LayoutEntry;
}

/** The index of a layout without images. */
export const EMPTY_INDEX: LayoutIndex = {
  document: { schemaVersion: 2, mediaType: MEDIA_TYPES.imageIndex },
  lines: [],
};

const INTEGER_KEYS: ReadonlySet<string> = new Set(["size", "schemaVersion"]);

/**
 * Read an `index.json`.
 *
 * @throws {SyntaxError} When it is no such document: the caller knows the file to blame.
 * @throws {TidegateError} UNSUPPORTED for a digest algorithm that cannot be verified.
 */
export function parseLayoutIndex(text: string | Uint8Array): LayoutIndex {
  const document = parseJson(text, MAX_JSON_DEPTH, INTEGER_KEYS, MAX_LAYOUT_INDEX_NODES);
  if (!isObject(document)) throw new SyntaxError("must be a JSON object");
  if (document["schemaVersion"] !== 2) throw new SyntaxError("schemaVersion must be 2");
  const mediaType = document["mediaType"] ?? MEDIA_TYPES.imageIndex;
  if (mediaType !== MEDIA_TYPES.imageIndex) {
    throw new SyntaxError(`mediaType must be ${MEDIA_TYPES.imageIndex}`);
  }
  const manifests = document["manifests"] ?? []; // Go writes an empty list as null
  if (!Array.isArray(manifests)) throw new SyntaxError("manifests must be a list");
  return { document, lines: manifests.map(readLine) };
}

/** The index as JSON, with what {@linkcode parseLayoutIndex} did not understand. */
export function formatLayoutIndex({ document, lines }: LayoutIndex): Uint8Array<ArrayBuffer> {
  const manifests = lines.map(({ json }) => json);
  return encodeUtf8(`${JSON.stringify({ ...document, manifests }, undefined, 2)}\n`);
}

/** The index with an entry in place of those of its name; without a name, of its digest. */
export function withEntry(index: LayoutIndex, descriptor: Descriptor, name?: string): LayoutIndex {
  const line = lineOf(descriptor, name);
  const { digest } = descriptor;
  const others = index.lines.filter(({ entry }) =>
    name === undefined
      ? entry.name !== undefined || entry.descriptor.digest !== digest
      : entry.name !== name
  );
  return { ...index, lines: [...others, line] };
}

/** The index without the entries that `drop` picks. */
export function withoutEntries(
  index: LayoutIndex,
  drop: (entry: LayoutEntry) => boolean,
): LayoutIndex {
  return { ...index, lines: index.lines.filter(({ entry }) => !drop(entry)) };
}

function lineOf(descriptor: Descriptor, name: string | undefined): IndexLine {
  const { annotations, platform, ...rest } = descriptor;
  const { [REF_NAME]: _, ...others } = annotations ?? {};
  const all = name === undefined ? others : { ...others, [REF_NAME]: name };
  const json = {
    ...rest,
    ...(platform && { platform: platformJson(platform) }),
    ...(Object.keys(all).length > 0 && { annotations: all }),
  };
  return readLine(json as JsonObject, 0);
}

function platformJson({ osVersion, osFeatures, ...rest }: Platform): JsonObject {
  return {
    ...rest,
    ...(osVersion && { "os.version": osVersion }),
    ...(osFeatures && { "os.features": osFeatures }),
  };
}

function readLine(json: Json, at: number): IndexLine {
  const { annotations = {}, ...rest } = readEntry(json, `manifests[${at}]`);
  const name = Object.hasOwn(annotations, REF_NAME) ? annotations[REF_NAME] : undefined;
  const others = Object.entries(annotations).filter(([key]) =>
    key !== REF_NAME && !isCacheAnnotation(key)
  );
  const kept = others.length > 0 && { annotations: Object.fromEntries(others) };
  const entry = { name, descriptor: { ...rest, ...kept }, cache: readCacheRecord(annotations) };
  return { json: json as JsonObject, entry };
}

function readEntry(json: Json, part: string): Descriptor {
  try {
    return readDescriptor(json, part);
  } catch (cause) {
    if (!isTidegateError(cause) || cause.code === "UNSUPPORTED") throw cause;
    throw new SyntaxError(excerpt(cause.message), { cause });
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
