import { encodeUtf8 } from "../core/mod.ts";
import type { HashAlgorithm, HasherFactory } from "../core/mod.ts";
import { bytesContent } from "./content.ts";
import { digestOf } from "./digest.ts";
import { buildLayer } from "./layer.ts";
import type { BuiltBlob, BuiltLayer, DigestOptions, LayerOptions } from "./layer.ts";
import { DOCKER_TYPES, EMPTY_TYPE, OCI_TYPES } from "./media_types.ts";
import type { MediaTypes } from "./media_types.ts";

/** A pointer to content (image-spec, "Descriptor"). */
export interface BuiltDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: BuiltPlatform;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly data?: string;
}

/** Where an image runs. */
export interface BuiltPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A manifest or an index with everything it needs, ready to be added to a registry. */
export interface BuiltImage {
  readonly mediaType: string;
  readonly digest: string;
  /** The document, byte for byte. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How an index names it. */
  readonly descriptor: BuiltDescriptor;
  /** Config and layers; empty for an index. */
  readonly blobs: readonly BuiltBlob[];
  /** The layers alone, in order. */
  readonly layers: readonly BuiltLayer[];
  /** What an index lists. */
  readonly children: readonly BuiltImage[];
}

/** What every document has. */
export interface DocumentOptions {
  /** Family of media types. Default is `oci`. */
  readonly format?: "oci" | "docker";
  /** Digest of the document and its blobs. Default is `sha256`. */
  readonly algorithm?: HashAlgorithm;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Makes it a referrer of that document. */
  readonly subject?: BuiltImage | BuiltDescriptor;
  readonly artifactType?: string;
  /** Needed for layers above 256 MiB. */
  readonly hasher?: HasherFactory;
  /** Fields added to the document as they are; they win over the built ones. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What an image is made of. */
export interface ImageOptions extends DocumentOptions {
  /** How many small layers, or each layer: its size in bytes, or its options. Default is 1. */
  readonly layers?: number | readonly (number | LayerOptions)[];
  /** Default is linux/amd64. */
  readonly platform?: BuiltPlatform;
  /** Makes the layers' noise and texts. Default is 1. */
  readonly seed?: number;
  /** Environment, entrypoint and the rest of the image's `config`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

const LINUX_AMD64: BuiltPlatform = { os: "linux", architecture: "amd64" };
const EMPTY_CONFIG: Uint8Array<ArrayBuffer> = encodeUtf8("{}");

/**
 * Build an image: config, real layers, manifest. Equal options give equal bytes.
 *
 * @throws {TypeError} If a layer above 256 MiB is asked for without a hasher.
 */
export async function buildImage(options: ImageOptions = {}): Promise<BuiltImage> {
  const types = familyOf(options);
  const digesting = digestingOf(options);
  const layers: BuiltLayer[] = [];
  for (const layer of layerList(options)) layers.push(await buildLayer(layer, digesting));
  const config = await jsonBlob(imageConfig(options, layers), digesting);
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    ...(options.artifactType && { artifactType: options.artifactType }),
    config: describe(config, types.config),
    layers: layers.map((layer) => describe(layer, layerType(types, layer))),
  };
  return await finish(manifest, options, {
    blobs: [config, ...layers],
    layers,
    children: [],
    platform: options.platform ?? LINUX_AMD64,
  });
}

/** Build an index (or Docker manifest list) of documents. An empty list makes an empty index. */
export async function buildIndex(
  options: DocumentOptions & { readonly manifests: readonly BuiltImage[] },
): Promise<BuiltImage> {
  const index = {
    schemaVersion: 2,
    mediaType: familyOf(options).index,
    ...(options.artifactType && { artifactType: options.artifactType }),
    manifests: options.manifests.map((child) => child.descriptor),
  };
  return await finish(index, options, { blobs: [], layers: [], children: options.manifests });
}

/** What an artifact is made of. */
export interface ArtifactOptions extends DocumentOptions {
  readonly artifactType: string;
  /** Text or bytes of its only layer. Absent: the empty descriptor stands in for a layer. */
  readonly content?: string | Uint8Array<ArrayBuffer>;
  /** Media type of `content`. Default is the artifact type. */
  readonly contentType?: string;
}

/** Build an artifact: a manifest with an empty config (image-spec, "Guidelines for Artifact Usage"). */
export async function buildArtifact(options: ArtifactOptions): Promise<BuiltImage> {
  const digesting = digestingOf(options);
  const empty = await blobOf(EMPTY_CONFIG, digesting);
  const { content } = options;
  const layer = content === undefined
    ? empty
    : await blobOf(typeof content === "string" ? encodeUtf8(content) : content, digesting);
  const layerType = content === undefined
    ? EMPTY_TYPE
    : options.contentType ?? options.artifactType;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_TYPES.manifest,
    artifactType: options.artifactType,
    config: describe(empty, EMPTY_TYPE),
    layers: [describe(layer, layerType)],
  };
  return await finish(manifest, options, { blobs: [empty, layer], layers: [], children: [] });
}

interface Parts {
  readonly blobs: readonly BuiltBlob[];
  readonly layers: readonly BuiltLayer[];
  readonly children: readonly BuiltImage[];
  readonly platform?: BuiltPlatform;
}

async function finish(
  body: { readonly mediaType: string },
  options: DocumentOptions,
  { platform, ...parts }: Parts,
): Promise<BuiltImage> {
  const { subject, annotations, artifactType, algorithm } = options;
  const document = {
    ...body,
    ...(subject && { subject: bareDescriptor(subject) }),
    ...(annotations && { annotations }),
    ...options.extra,
  };
  const bytes = encodeUtf8(JSON.stringify(document, null, 2));
  const digest = await digestOf(bytes, algorithm);
  const descriptor: BuiltDescriptor = {
    mediaType: body.mediaType,
    digest,
    size: bytes.length,
    ...(platform && { platform }),
    ...(artifactType !== undefined && { artifactType }),
  };
  return { mediaType: body.mediaType, digest, bytes, descriptor, ...parts };
}

function familyOf({ format = "oci" }: DocumentOptions): MediaTypes {
  return format === "oci" ? OCI_TYPES : DOCKER_TYPES;
}

function digestingOf({ algorithm = "sha256", hasher }: DocumentOptions): DigestOptions {
  return { algorithm, hasher };
}

function layerList({ layers = 1, seed = 1 }: ImageOptions): (LayerOptions & { seed: number })[] {
  const list = typeof layers === "number" ? Array.from({ length: layers }, () => ({})) : layers;
  return list.map((layer, i) => ({
    seed: seed * 1000 + i,
    ...(typeof layer === "number" ? { size: layer } : layer),
  }));
}

function layerType(types: MediaTypes, { compression }: BuiltLayer): string {
  return compression === "none" ? types.layer : types.layerGzip;
}

function imageConfig(options: ImageOptions, layers: readonly BuiltLayer[]): unknown {
  return {
    created: "1970-01-01T00:00:00Z",
    ...(options.platform ?? LINUX_AMD64),
    config: options.config ?? {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  };
}

async function jsonBlob(value: unknown, digesting: DigestOptions): Promise<BuiltBlob> {
  return await blobOf(encodeUtf8(JSON.stringify(value)), digesting);
}

async function blobOf(
  bytes: Uint8Array<ArrayBuffer>,
  { algorithm }: DigestOptions,
): Promise<BuiltBlob> {
  return { digest: await digestOf(bytes, algorithm), content: bytesContent(bytes) };
}

function describe({ digest, content }: BuiltBlob, mediaType: string): BuiltDescriptor {
  return { mediaType, digest, size: content.size };
}

function bareDescriptor(target: BuiltImage | BuiltDescriptor): BuiltDescriptor {
  const { mediaType, digest, size } = "descriptor" in target ? target.descriptor : target;
  return { mediaType, digest, size };
}
