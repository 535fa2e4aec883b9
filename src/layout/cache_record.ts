import { isTidegateError, parseJson } from "../core/mod.ts";
import { type Digest, tryParseDigest } from "../reference/mod.ts";

/** What the cache notes of an image in `index.json`. */
export interface CacheRecord {
  /** `source_image`: the reference that was pulled. */
  readonly sourceImage: string;
  /** `manifest`: the file of the manifest, from the layout's directory: `blobs/sha256/…`. */
  readonly manifest: string;
  /** `config`: digest of the image's config; undefined for an index. */
  readonly config: Digest | undefined;
  /** `layers`: digests of the layers, from the base upwards; for an index those of all its images. */
  readonly layers: readonly Digest[];
  /** `cached_at`: Unix seconds. */
  readonly cachedAt: number;
}

/** Descriptors have annotations, and other tools keep them; unknown fields they would drop. */
const PREFIX = "tidegate.";

/** The record as annotations of an entry of `index.json`. {@linkcode readCacheRecord} undoes it. */
export function cacheAnnotations(record: CacheRecord): Record<string, string> {
  const { sourceImage, manifest, config, layers, cachedAt } = record;
  return {
    [`${PREFIX}source_image`]: sourceImage,
    [`${PREFIX}manifest`]: manifest,
    ...(config === undefined ? {} : { [`${PREFIX}config`]: config }),
    [`${PREFIX}layers`]: JSON.stringify(layers),
    [`${PREFIX}cached_at`]: String(cachedAt),
  };
}

/** The record in an entry's annotations; undefined where there is none, or it makes no sense. */
export function readCacheRecord(
  annotations: Readonly<Record<string, string>> = {},
): CacheRecord | undefined {
  const field = (name: string): string | undefined =>
    Object.hasOwn(annotations, PREFIX + name) ? annotations[PREFIX + name] : undefined;
  const [sourceImage, manifest, config] = ["source_image", "manifest", "config"].map(field);
  const cachedAt = field("cached_at") ?? "";
  const layers = readDigests(field("layers") ?? "");
  if (sourceImage === undefined || manifest === undefined || layers === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(cachedAt)) return undefined;
  const known = config === undefined ? undefined : tryParseDigest(config);
  if (config !== undefined && known === undefined) return undefined;
  return { sourceImage, manifest, config: known, layers, cachedAt: Number(cachedAt) };
}

/** Whether an annotation is one of the record's: a new record replaces them all. */
export function isCacheAnnotation(key: string): boolean {
  return key.startsWith(PREFIX);
}

function readDigests(text: string): Digest[] | undefined {
  try {
    const value = parseJson(text);
    if (!Array.isArray(value)) return undefined;
    const digests = value.map((one) => tryParseDigest(String(one)));
    return digests.every((one) => one !== undefined) ? digests as Digest[] : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isTidegateError(error)) return undefined;
    throw error;
  }
}
