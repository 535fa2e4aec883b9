import { encodeUtf8 } from "../core/mod.ts";
import type { HashAlgorithm, HasherFactory } from "../core/mod.ts";
import { bytesContent, contentBytes, generatedContent } from "./content.ts";
import type { Content } from "./content.ts";
import { digestContent } from "./digest.ts";
import { compressGzip, storedGzip, storedGzipSize } from "./gzip.ts";
import { TAR_BLOCK_BYTES, tarContent } from "./tar.ts";

/** What a layer holds. Without `size` and `files`: one small text file that differs by seed. */
export interface LayerOptions {
  /** Exact length of the blob in bytes: a gzip of a tar with one file of noise. Below 2 KiB it is plain noise. */
  readonly size?: number;
  /** Files by path, for a compressed layer of real content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Makes the noise; equal seeds and sizes give equal layers. Default is the position in the image. */
  readonly seed?: number;
  /** `gzip` (default), `none` for a plain tar, `opaque` for noise that is no archive at all. */
  readonly compression?: "gzip" | "none" | "opaque";
}

/** Bytes filed under their digest. */
export interface BuiltBlob {
  readonly digest: string;
  readonly content: Content;
}

/** A layer, and the digest of what it decompresses to. */
export interface BuiltLayer extends BuiltBlob {
  readonly diffId: string;
  readonly compression: "gzip" | "none" | "opaque";
}

/** How digests are computed. */
export interface DigestOptions {
  readonly algorithm: HashAlgorithm;
  readonly hasher: HasherFactory | undefined;
}

/** Smallest gzip of a tar with one file: header, empty archive end, one block, trailer, padding. */
const MIN_ARCHIVE_BYTES = 2048;

/** Build one layer. */
export async function buildLayer(
  options: LayerOptions & { seed: number },
  { algorithm, hasher }: DigestOptions,
): Promise<BuiltLayer> {
  const { compression, tar, content } = await layerContent(options);
  const digest = await digestContent(content, algorithm, hasher);
  const diffId = tar === content ? digest : await digestContent(tar, algorithm, hasher);
  return { digest, content, diffId, compression };
}

/** The blob and what it unpacks to. */
interface LayerContent {
  readonly compression: "gzip" | "none" | "opaque";
  readonly tar: Content;
  readonly content: Content;
}

async function layerContent(options: LayerOptions & { seed: number }): Promise<LayerContent> {
  const { size, seed, compression = "gzip" } = options;
  if (size !== undefined) return sizedLayer(size, seed, compression);
  const tar = tarContent(layerFiles(options));
  if (compression !== "gzip") return { compression, tar, content: tar };
  return { compression, tar, content: bytesContent(await compressGzip(contentBytes(tar))) };
}

function layerFiles({ files, seed }: LayerOptions & { seed: number }): {
  path: string;
  content: Content;
}[] {
  const entries = Object.entries(files ?? { [`layer-${seed}.txt`]: `Layer ${seed}\n` });
  return entries.map(([path, file]) => ({
    path,
    content: bytesContent(typeof file === "string" ? encodeUtf8(file) : file),
  }));
}

function sizedLayer(
  size: number,
  seed: number,
  compression: "gzip" | "none" | "opaque",
): LayerContent {
  if (compression !== "gzip" || size < MIN_ARCHIVE_BYTES) {
    const content = generatedContent(seed, size);
    return { compression: "opaque", tar: content, content };
  }
  const tarSize = largestTar(size);
  const tar = tarContent([{
    path: `noise-${seed}.bin`,
    content: generatedContent(seed, tarSize - 3 * TAR_BLOCK_BYTES),
  }]);
  return { compression, tar, content: storedGzip(tar, size - storedGzipSize(tarSize)) };
}

/** Largest archive whose gzip fits with a padding that the header can express: any number but 1. */
function largestTar(size: number): number {
  let tarSize = Math.floor(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  while (storedGzipSize(tarSize) > size) tarSize -= TAR_BLOCK_BYTES;
  return size - storedGzipSize(tarSize) === 1 ? tarSize - TAR_BLOCK_BYTES : tarSize;
}
