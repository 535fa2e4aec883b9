import { type Json, parseJson } from "../core/mod.ts";
import { type Digest, tryParseDigest } from "../reference/mod.ts";

/** One image in the `manifest.json` of a `docker save` archive. */
export interface DockerImage {
  /** Name of the config's file. */
  readonly config: string;
  /** References that it has: `nginx:latest`. */
  readonly repoTags: readonly string[];
  /** Names of the layers' files, from the base upwards. */
  readonly layers: readonly string[];
}

type JsonObject = { readonly [key: string]: Json };

/**
 * Read the `manifest.json` of a `docker save` archive.
 * @throws {SyntaxError} When it is no such list.
 * @see {@link https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format | docker-image-spec, Combined Image JSON + Filesystem Changeset Format}
 */
export function parseDockerManifest(text: string | Uint8Array): readonly DockerImage[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw new SyntaxError("manifest.json must be a list");
  return list.map((item: Json, at) => {
    const fields = objectAt(item, `manifest.json[${at}]`);
    return {
      config: stringAt(fields["Config"], "Config"),
      repoTags: stringsAt(fields["RepoTags"], "RepoTags"),
      layers: stringsAt(fields["Layers"], "Layers"),
    };
  });
}

/** Write a `manifest.json`; {@linkcode parseDockerManifest} undoes it. */
export function formatDockerManifest(images: readonly DockerImage[]): string {
  const list = images.map(({ config, repoTags, layers }) => ({
    Config: config,
    RepoTags: repoTags.length > 0 ? repoTags : null, // as Go writes it
    Layers: layers,
  }));
  return JSON.stringify(list);
}

/**
 * Digests of the uncompressed layers in an image config, from the base upwards.
 * @throws {SyntaxError} When it has none.
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/config.md#properties | image-spec, Image Configuration, rootfs}
 */
export function parseDiffIds(config: Uint8Array): readonly Digest[] {
  const rootfs = objectAt(objectAt(parseJson(config), "the config")["rootfs"], "rootfs");
  return stringsAt(rootfs["diff_ids"], "rootfs.diff_ids").map((text) => {
    const digest = tryParseDigest(text);
    if (digest === undefined) throw new SyntaxError("rootfs.diff_ids must be digests");
    return digest;
  });
}

function objectAt(value: Json | undefined, part: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new SyntaxError(`${part} must be an object`);
}

function stringAt(value: Json | undefined, part: string): string {
  if (typeof value === "string") return value;
  throw new SyntaxError(`${part} must be a string`);
}

function stringsAt(value: Json | undefined, part: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((one: Json) => stringAt(one, `each of ${part}`));
  throw new SyntaxError(`${part} must be a list`);
}
