import type { LayoutEntry, LayoutReader } from "../../layout/mod.ts";
import { isIndexMediaType, parseManifest } from "../../manifest/mod.ts";
import { cacheDirectory, withCacheIfAny } from "../cache.ts";
import type { Command, CommandContext } from "../command.ts";
import { formatBytes, formatTime, shortDigest } from "../format.ts";
import { CACHE_OPTIONS } from "../options.ts";
import { formatTable } from "../table.ts";

/** `tidegate cache ls`. */
export const command: Command = {
  name: "cache ls",
  summary: "List the images in the cache",
  usage: "",
  details: "The size is that of the layers; images share layers, so the sum may be more than the " +
    "folder takes.",
  examples: [
    { does: "what is there", line: "tidegate cache ls" },
    { does: "for programs", line: "tidegate cache ls --json" },
  ],
  options: CACHE_OPTIONS,
  run,
};

/** One image, as it is listed: the names of the cache's own record. */
interface CachedImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly source_image: string | undefined;
  readonly manifest: string | undefined;
  readonly config: string | undefined;
  readonly layers: readonly string[];
  /** Unix seconds. */
  readonly cached_at: number | undefined;
  /** Of config and layers; undefined where the image is for several platforms. */
  readonly size: number | undefined;
}

async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  const images = await withCacheIfAny(context, async (cache) => {
    const entries = await cache.names();
    return await Promise.all(
      entries.filter(({ name }) => name !== undefined).map((entry) => describe(cache, entry)),
    );
  }) ?? [];
  if (output.mode.json) return await output.json({ cache: cacheDirectory(context), images });
  if (images.length === 0) return output.note(`Nothing is in ${cacheDirectory(context)}`);
  await output.line(formatTable([["IMAGE", "DIGEST", "SIZE", "PULLED"], ...images.map(rowOf)]));
}

async function describe(cache: LayoutReader, entry: LayoutEntry): Promise<CachedImage> {
  const { cache: record, descriptor, name = "" } = entry;
  return {
    name,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    source_image: record?.sourceImage,
    manifest: record?.manifest,
    config: record?.config,
    layers: record?.layers ?? [],
    cached_at: record?.cachedAt,
    size: await sizeOf(cache, entry),
  };
}

async function sizeOf(
  cache: LayoutReader,
  { descriptor: { digest, mediaType } }: LayoutEntry,
): Promise<number | undefined> {
  if (isIndexMediaType(mediaType)) return undefined;
  const found = await cache.manifest(digest).catch(() => undefined); // `cache verify` tells of it
  if (found === undefined) return undefined;
  const manifest = parseManifest(found.bytes, { contentType: found.mediaType });
  if (manifest.kind === "index") return undefined;
  return [manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, 0);
}

function rowOf({ cached_at, digest, name, size }: CachedImage): string[] {
  return [
    name,
    shortDigest(digest),
    size === undefined ? "-" : formatBytes(size),
    cached_at === undefined ? "-" : formatTime(cached_at * 1000),
  ];
}
