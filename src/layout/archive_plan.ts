import { TidegateError } from "../core/mod.ts";
import {
  DEFAULT_PLATFORM,
  type Descriptor,
  type ImageManifest,
  isForeignLayer,
  type Manifest,
  MEDIA_TYPES,
  parseManifest,
  type Platform,
  selectPlatform,
} from "../manifest/mod.ts";
import { type Digest, formatReference, tryParseReference } from "../reference/mod.ts";
import { type DockerImage, formatDockerManifest } from "./docker_manifest.ts";
import type { LayoutReader } from "./layout.ts";
import { EMPTY_INDEX, formatLayoutIndex, type LayoutIndex, withEntry } from "./layout_index.ts";
import { childrenOf, isManifest } from "./manifest_tree.ts";

/** An image to write into an archive. */
export interface ArchiveImage {
  readonly descriptor: Descriptor;
  /** What it is called there. Default is no name: it is found by its digest. */
  readonly name?: string | undefined;
}

/** What an archive is going to hold; all of it is there, or was left out knowingly. */
export interface ArchivePlan {
  /** `index.json`. */
  readonly index: Uint8Array;
  /** `manifest.json`, in an archive for `docker load`. */
  readonly dockerManifest: string | undefined;
  /** Manifests, configs and layers, each once. */
  readonly blobs: readonly Descriptor[];
}

/** What a plan goes by. */
export interface PlanOptions {
  /** Whether `docker load` must be able to read it: then an index stands for one of its images. */
  readonly isDocker: boolean;
  /** Which one. Default is `linux/amd64`. */
  readonly platform?: Platform | undefined;
}

/** How containerd finds a name, as `docker save` writes it. */
const CONTAINERD_NAME = "io.containerd.image.name";

/**
 * Look at everything that an archive is going to hold, before its first byte is written.
 *
 * @throws {TidegateError} CACHE_NOT_FOUND for what is not there; UNSUPPORTED for artifacts that
 * `docker load` does not know; PLATFORM_NOT_FOUND.
 */
export async function planArchive(
  source: LayoutReader,
  images: readonly ArchiveImage[],
  options: PlanOptions,
): Promise<ArchivePlan> {
  const blobs = new Map<Digest, Descriptor>();
  const docker = new Map<Digest, DockerImage>();
  let index: LayoutIndex = EMPTY_INDEX;
  for (const { descriptor, name } of images) {
    const picked = options.isDocker ? await pickImage(source, descriptor, options) : descriptor;
    index = withEntry(index, named(picked, name, options), name);
    await collect(source, picked, blobs);
    if (options.isDocker) await addDockerImage(source, picked, name, docker);
  }
  return {
    index: formatLayoutIndex(index),
    dockerManifest: options.isDocker ? formatDockerManifest([...docker.values()]) : undefined,
    blobs: [...blobs.values()],
  };
}

/** The image that an index has for the platform. */
async function pickImage(
  source: LayoutReader,
  descriptor: Descriptor,
  { platform = DEFAULT_PLATFORM }: PlanOptions,
): Promise<Descriptor> {
  let picked = descriptor;
  for (let depth = 0; depth < 8; depth++) { // real indexes nest once
    const manifest = await need(source, picked);
    if (manifest.kind === "image") return picked;
    picked = selectPlatform(manifest, platform);
  }
  const what = `An index ${descriptor.digest} of indexes of indexes`;
  throw new TidegateError("UNSUPPORTED", `${what} is not read`, { what, reason: "Nests too deep" });
}

function named(
  descriptor: Descriptor,
  name: string | undefined,
  { isDocker }: PlanOptions,
): Descriptor {
  const reference = isDocker && name !== undefined ? tryParseReference(name) : undefined;
  if (reference === undefined) return descriptor;
  const annotations = { ...descriptor.annotations, [CONTAINERD_NAME]: formatReference(reference) };
  return { ...descriptor, annotations };
}

/** All that an image consists of. An index may list manifests that were not pulled. */
async function collect(
  source: LayoutReader,
  root: Descriptor,
  blobs: Map<Digest, Descriptor>,
): Promise<void> {
  const queue: { readonly descriptor: Descriptor; readonly mayLack: boolean }[] = [
    { descriptor: root, mayLack: false },
  ];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { descriptor, mayLack } = next;
    if (blobs.has(descriptor.digest)) continue;
    if (!await source.hasBlob(descriptor)) {
      if (mayLack || isForeignLayer(descriptor)) continue;
      throw lacking(source, descriptor);
    }
    blobs.set(descriptor.digest, descriptor);
    if (!isManifest(descriptor)) continue;
    const manifest = await need(source, descriptor);
    const isIndex = manifest.kind === "index";
    const found = childrenOf(manifest).map((child) => ({ descriptor: child, mayLack: isIndex }));
    queue.push(...found.toReversed());
  }
}

async function addDockerImage(
  source: LayoutReader,
  descriptor: Descriptor,
  name: string | undefined,
  images: Map<Digest, DockerImage>,
): Promise<void> {
  const manifest = await need(source, descriptor) as ImageManifest;
  const { config, layers } = manifest;
  if (
    config.mediaType !== MEDIA_TYPES.imageConfig && config.mediaType !== MEDIA_TYPES.dockerConfig
  ) {
    const what = `The artifact ${descriptor.digest} in an archive for docker load`;
    const reason = `Its config is ${config.mediaType}`;
    throw new TidegateError("UNSUPPORTED", `${what} is not supported`, { what, reason });
  }
  const tags = images.get(descriptor.digest)?.repoTags ?? [];
  images.set(descriptor.digest, {
    config: blobFile(config.digest),
    repoTags: [...tags, ...repoTag(name)],
    layers: layers.map(({ digest }) => blobFile(digest)),
  });
}

/** Where a blob is in an archive, as in a layout. */
export function blobFile(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** The full name, for Podman takes a short one for its own; none where it is no reference with a tag. */
function repoTag(name = ""): string[] {
  const reference = tryParseReference(name);
  return reference?.tag === undefined || reference.digest ? [] : [formatReference(reference)];
}

async function need(source: LayoutReader, descriptor: Descriptor): Promise<Manifest> {
  const found = await source.manifest(descriptor.digest);
  if (found === undefined) throw lacking(source, descriptor);
  return parseManifest(found.bytes);
}

function lacking(
  { path }: LayoutReader,
  { digest }: Descriptor,
): TidegateError<"CACHE_NOT_FOUND"> {
  const what = `blob ${digest}`;
  return new TidegateError("CACHE_NOT_FOUND", `${path} has no ${what}`, { path, what });
}
