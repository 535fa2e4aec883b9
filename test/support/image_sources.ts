import type { ImageSource } from "../../src/client/mod.ts";
import { type BuiltImage, contentBytes } from "../../src/simulation/mod.ts";

/** A source in memory that remembers what was taken from it. */
export interface MemorySource extends ImageSource {
  /** Digests of the blobs that were opened. */
  readonly opened: string[];
}

/** An image that was built, as a source. */
export function sourceOf(image: BuiltImage, overrides: Partial<ImageSource> = {}): MemorySource {
  const opened: string[] = [];
  return {
    opened,
    manifest(digest): ReturnType<ImageSource["manifest"]> {
      const found = digest === undefined ? image : findManifest(image, digest);
      if (found === undefined) throw new Error(`no ${digest}`);
      return { bytes: found.bytes };
    },
    async openBlob({ digest }): Promise<Uint8Array> {
      opened.push(digest);
      const found = blobsOf(image).find((blob) => blob.digest === digest);
      if (found === undefined) throw new Error(`no ${digest}`);
      return await contentBytes(found.content);
    },
    ...overrides,
  };
}

/** All blobs of an image and of those that it lists. */
export function blobsOf(image: BuiltImage): BuiltImage["blobs"] {
  return [...image.blobs, ...image.children.flatMap(blobsOf)];
}

function findManifest(image: BuiltImage, digest: string): BuiltImage | undefined {
  if (image.digest === digest) return image;
  return image.children.map((child) => findManifest(child, digest)).find(Boolean);
}
