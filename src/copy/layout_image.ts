import type { CallOptions, PulledManifest } from "../client/mod.ts";
import { TidegateError } from "../core/mod.ts";
import type { ImageLayout, LayoutReader } from "../layout/mod.ts";
import { type Descriptor, parseManifest } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { CopyDestination, CopySource, ManifestPlace } from "./endpoint.ts";
import { putLayoutBlob } from "./layout_blob.ts";
import { siblingName, tagOfSibling } from "./sibling_name.ts";

/** How an image of a layout is named and kept. */
export interface LayoutImageOptions {
  /** What stands before the path in its name for people. Default is `oci`. */
  readonly scheme?: string | undefined;
  /** Note where the image came from, as the cache does. Default is `false`. */
  readonly isCache?: boolean | undefined;
}

/** An image of a layout: to copy from, or to. */
export type LayoutImage = CopySource & CopyDestination;

/**
 * An image in files, to copy from: of a layout, or of an archive.
 *
 * @param name As `index.json` has it, or a digest. Default is the only image that there is.
 */
export function fileImage(
  files: LayoutReader,
  name?: string,
  { scheme = "oci" }: LayoutImageOptions = {},
): CopySource {
  const shown = `${scheme}:${files.path}${name === undefined ? "" : `:${name}`}`;
  return {
    name: shown,
    isLocal: true,
    async root(): Promise<Descriptor> {
      const found = await files.resolve(name);
      if (found === undefined) throw notThere(files, name ?? "an image");
      return found;
    },
    resolve: (tag) => files.resolve(tag === undefined ? name : siblingName(name, tag)),
    manifest: ({ digest }) => readManifest(files, digest),
    openBlob: (descriptor) => files.openBlob(descriptor, { verify: false }),
    async *referrers(digest): AsyncGenerator<Descriptor, void> {
      yield* await files.referrers(digest);
    },
    async *tags(): AsyncGenerator<string, void> {
      for (const entry of await files.names()) {
        const tag = entry.name === undefined ? undefined : tagOfSibling(name, entry.name);
        if (tag !== undefined) yield tag;
      }
    },
  };
}

/**
 * An image of a layout, to copy from or to. As a destination it takes an index of which only some
 * platforms were copied, and goes on with blobs that an earlier run has begun.
 *
 * @param name As `index.json` has it. In the cache it is the reference that was pulled; what belongs
 * to the same repository is named alike: `ghcr.io/acme/app:sha256-….sig`.
 */
export function layoutImage(
  layout: ImageLayout,
  name: string,
  options: LayoutImageOptions = {},
): LayoutImage {
  const source = fileImage(layout, name, options);
  return {
    ...source,
    acceptsSparse: true,
    hasManifest: (descriptor) => isWhole(layout, descriptor),
    putBlob: (transfer) => putLayoutBlob(layout, transfer),
    putManifest: (manifest, place, callOptions) =>
      putManifest(layout, name, manifest, place, { ...options, ...callOptions }),
  };
}

async function readManifest(files: LayoutReader, digest: Digest): Promise<PulledManifest> {
  const found = await files.manifest(digest);
  if (found === undefined) throw notThere(files, `manifest ${digest}`);
  const { bytes, mediaType } = found;
  const manifest = parseManifest(bytes, { contentType: mediaType });
  return { digest, mediaType: manifest.mediaType, size: bytes.length, bytes, manifest };
}

function notThere({ path }: LayoutReader, what: string): TidegateError<"CACHE_NOT_FOUND"> {
  const message = `There is no ${what} in ${path}`;
  return new TidegateError("CACHE_NOT_FOUND", message, { path, what });
}

/**
 * An index may list more than there is, and a run may have ended before its blobs came, or before a
 * referrer was listed. What is found is kept from being collected.
 */
async function isWhole(
  layout: ImageLayout,
  { digest, size }: Descriptor,
  seen: Set<Digest> = new Set(),
): Promise<boolean> {
  if (seen.has(digest)) return true; // the first that is not whole ends it all
  seen.add(digest);
  if (!await layout.hasBlob({ digest, size })) return false;
  const { manifest } = await readManifest(layout, digest);
  if (manifest.subject !== undefined && !await isListed(layout, digest)) return false;
  if (manifest.kind === "index") {
    for (const entry of manifest.manifests) if (!await isWhole(layout, entry, seen)) return false;
    return true;
  }
  for (const descriptor of [manifest.config, ...manifest.layers]) {
    if (!await layout.hasBlob(descriptor)) return false;
  }
  return true;
}

async function isListed(layout: ImageLayout, digest: Digest): Promise<boolean> {
  return (await layout.names()).some(({ descriptor }) => descriptor.digest === digest);
}

async function putManifest(
  layout: ImageLayout,
  name: string,
  manifest: PulledManifest,
  place: ManifestPlace,
  { isCache }: LayoutImageOptions & CallOptions,
): Promise<readonly string[]> {
  const { bytes, digest, mediaType, size } = manifest;
  await layout.putManifest({ bytes, digest, mediaType });
  if (place.role === "child" || place.role === "referrer") return [];
  const names = place.role === "root"
    ? [name, ...place.tags.map((tag) => siblingName(name, tag))]
    : [siblingName(name, place.tag)];
  const origin = isCache && place.role === "root" ? { sourceImage: place.source } : undefined;
  for (const one of names) await layout.tag(one, { digest, mediaType, size }, origin);
  return names;
}
