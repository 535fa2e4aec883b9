import { open } from "node:fs/promises";
import {
  encodeUtf8,
  excerpt,
  isTidegateError,
  MAX_LAYOUT_INDEX_BYTES,
  MAX_MANIFEST_BYTES,
} from "../core/mod.ts";
import { createHasher, digestBytes } from "../hash/mod.ts";
import {
  type Descriptor,
  MEDIA_TYPES,
  parseConfigPlatform,
  type Platform,
} from "../manifest/mod.ts";
import { type Digest, formatDigest, tryParseDigest } from "../reference/mod.ts";
import { type ArchiveFiles, fileOf, readSmallFile } from "./archive_files_node.ts";
import { onDisk } from "./disk_node.ts";
import { type DockerImage, parseDiffIds, parseDockerManifest } from "./docker_manifest.ts";
import { hashFile } from "./hash_file_node.ts";
import type { BlobStore, Located } from "./image_reader_node.ts";
import { EMPTY_INDEX, withEntry } from "./layout_index.ts";
import { readPart } from "./read_file_node.ts";
import { invalidArchive } from "./tar_entries_node.ts";

/** How files begin that are compressed. */
const MAGIC: readonly (readonly [string, string])[] = [
  ["1f8b", MEDIA_TYPES.layerGzip],
  ["28b52ffd", MEDIA_TYPES.layerZstd],
];

/**
 * The images of a `docker save` archive. They have no manifests: each gets an OCI manifest that
 * lists its config and its layers, as the files are. Layers are tars, as a rule not compressed; their
 * digests are then those in the config, and checked when they are read.
 *
 * @throws {TidegateError} ARCHIVE_INVALID.
 */
export async function readDockerArchive(files: ArchiveFiles): Promise<BlobStore> {
  const blobs = new Map<Digest, Located>();
  let index = EMPTY_INDEX;
  try {
    const text = await readSmallFile(files, "manifest.json", MAX_LAYOUT_INDEX_BYTES);
    for (const image of parseDockerManifest(text)) {
      const descriptor = await addImage(files, image, blobs);
      const names = image.repoTags.length > 0 ? image.repoTags : [undefined];
      for (const name of names) index = withEntry(index, descriptor, name);
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalidArchive(files.label, excerpt(cause.message), { cause });
  }
  return {
    path: files.label,
    index: () => Promise.resolve(index),
    locate: (digest) => Promise.resolve(blobs.get(digest)),
  };
}

async function addImage(
  files: ArchiveFiles,
  image: DockerImage,
  blobs: Map<Digest, Located>,
): Promise<Descriptor> {
  const bytes = await readSmallFile(files, image.config, MAX_MANIFEST_BYTES);
  const digest = formatDigest("sha256", await digestBytes("sha256", bytes));
  assertNamed(files, image.config, digest);
  blobs.set(digest, fileOf(files, image.config));
  const config = { mediaType: MEDIA_TYPES.imageConfig, digest, size: bytes.length };
  const diffIds = parseDiffIds(bytes);
  if (diffIds.length !== image.layers.length) {
    throw new SyntaxError(`the config lists ${diffIds.length} layers, not ${image.layers.length}`);
  }
  const layers: Descriptor[] = [];
  for (const [at, name] of image.layers.entries()) {
    const file = fileOf(files, name);
    const layer = await describeLayer(file, name, diffIds[at] as Digest);
    blobs.set(layer.digest, file);
    layers.push(layer);
  }
  return await addManifest(files, { config, layers }, blobs, platformOf(bytes));
}

async function addManifest(
  { label, path }: ArchiveFiles,
  parts: { readonly config: Descriptor; readonly layers: readonly Descriptor[] },
  blobs: Map<Digest, Located>,
  platform: Platform | undefined,
): Promise<Descriptor> {
  const mediaType = MEDIA_TYPES.imageManifest;
  const bytes = encodeUtf8(JSON.stringify({ schemaVersion: 2, mediaType, ...parts }));
  const digest = formatDigest("sha256", await digestBytes("sha256", bytes));
  const size = bytes.length;
  blobs.set(digest, { path, start: 0, size, label: `${label}: manifest ${digest}`, bytes });
  return { mediaType, digest, size, ...(platform && { platform }) };
}

/** A layer as it is in the archive. One in a file of its digest's name needs not be hashed. */
async function describeLayer(file: Located, name: string, diffId: Digest): Promise<Descriptor> {
  const { path, start, size, label } = file;
  const first = await onDisk(label, () => readPart(path, start, Math.min(4, size)));
  const magic = Array.from(first ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
  const compressed = MAGIC.find(([bytes]) => magic.startsWith(bytes))?.[1];
  if (compressed === undefined) return { mediaType: MEDIA_TYPES.layer, digest: diffId, size };
  const digest = digestInName(name) ?? await onDisk(label, () => hashPart(file));
  return { mediaType: compressed, digest, size };
}

/** `blobs/sha256/…`, as `docker save` names files since version 25. */
function digestInName(name: string): Digest | undefined {
  const [, algorithm, hex] = /^(?:\.\/)?blobs\/([^/]+)\/([^/]+)$/.exec(name) ?? [];
  return tryParseDigest(`${algorithm}:${hex}`);
}

async function hashPart({ path, start, size }: Located): Promise<Digest> {
  const hasher = createHasher("sha256");
  const file = await open(path);
  try {
    await hashFile(file, size, hasher, { start });
  } finally {
    await file.close();
  }
  return formatDigest("sha256", await hasher.digest());
}

/** A config whose file is named after its digest must have it. */
function assertNamed({ label }: ArchiveFiles, name: string, digest: Digest): void {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (hex === undefined || digest === `sha256:${hex}`) return;
  throw invalidArchive(label, `${excerpt(name)} has the digest ${digest}`);
}

/** Undefined where the config names none, as old ones may. */
function platformOf(config: Uint8Array): Platform | undefined {
  try {
    return parseConfigPlatform(config);
  } catch (error) {
    if (isTidegateError(error)) return undefined;
    throw error;
  }
}
