import type { PulledManifest } from "../client/mod.ts";
import { decodeUtf8, type Json, parseJson } from "../core/mod.ts";
import {
  type Descriptor,
  type ImageManifest,
  isAttestation,
  parsePlatform,
  selectPlatform,
} from "../manifest/mod.ts";

/** An image to look at, wherever it is. */
export interface ImageReader {
  /** As a person writes it. */
  readonly name: string;
  /** What the image's name points to. */
  root(): Promise<PulledManifest>;
  /** A manifest that an index lists. */
  manifest(descriptor: Descriptor): Promise<PulledManifest>;
  /** A blob in memory, verified. */
  blob(descriptor: Descriptor, maximum: number): Promise<Uint8Array>;
  /** Leave it. */
  close(): Promise<void>;
}

/** The parts of an image's config that are shown. Texts are of whoever built it. */
export interface ImageConfig {
  readonly created?: string | undefined;
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Largest config that is read. Those of images with long histories are below 100 KiB. */
const MAX_CONFIG_BYTES: number = 4 * 1024 * 1024;

/**
 * The image of one platform.
 *
 * @param platform Default is the only one there is, else linux/amd64.
 * @throws {TidegateError} PLATFORM_NOT_FOUND, listing what there is.
 */
export async function readPlatformImage(
  reader: ImageReader,
  root: PulledManifest,
  platform: string | undefined,
): Promise<PulledManifest & { readonly manifest: ImageManifest }> {
  let pulled = root;
  for (let depth = 0; pulled.manifest.kind === "index" && depth < 4; depth++) {
    const images = pulled.manifest.manifests.filter((entry) => !isAttestation(entry));
    const [only] = images;
    const entry = platform === undefined && only !== undefined && images.length === 1
      ? only
      : selectPlatform(pulled.manifest, parsePlatform(platform ?? "linux/amd64"));
    pulled = { ...await reader.manifest(entry), descriptor: entry };
  }
  const { manifest } = pulled;
  if (manifest.kind === "index") throw new TypeError("Indexes nest too deep");
  return { ...pulled, manifest };
}

/** The config of an image; undefined where it has none that describes a container. */
export async function readImageConfig(
  reader: ImageReader,
  { config }: ImageManifest,
): Promise<ImageConfig | undefined> {
  if (!/\.(image\.config|container\.image)\.v1\+json$/.test(config.mediaType)) return undefined;
  const bytes = await reader.blob(config, MAX_CONFIG_BYTES);
  return configOf(parseJson(decodeUtf8(bytes)));
}

function configOf(value: Json): ImageConfig {
  const fields = objectOf(value);
  const config = objectOf(fields["config"]);
  return {
    created: textOf(fields["created"]),
    os: textOf(fields["os"]),
    architecture: textOf(fields["architecture"]),
    variant: textOf(fields["variant"]),
    user: textOf(config["User"]),
    workingDirectory: textOf(config["WorkingDir"]),
    entrypoint: textsOf(config["Entrypoint"]),
    command: textsOf(config["Cmd"]),
    environment: textsOf(config["Env"]) ?? [],
    ports: Object.keys(objectOf(config["ExposedPorts"])),
    volumes: Object.keys(objectOf(config["Volumes"])),
    labels: Object.fromEntries(
      Object.entries(objectOf(config["Labels"])).map(([key, label]) => [key, String(label)]),
    ),
  };
}

function objectOf(value: Json | undefined): { readonly [key: string]: Json } {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value as { readonly [key: string]: Json } : {};
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textsOf(value: Json | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}
