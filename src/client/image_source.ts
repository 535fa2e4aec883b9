import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { BlobSource } from "./blob_source.ts";

/** A manifest as a source has it. */
export interface SourceManifest {
  /** Pushed byte for byte. */
  readonly bytes: Uint8Array;
  /** Needed where the document names none and is not what its shape says. */
  readonly mediaType?: string | undefined;
  /** Of the root, where it is known: checked against the bytes. */
  readonly digest?: Digest | undefined;
}

/** Where a pushed image comes from: a folder, an archive, another registry. */
export interface ImageSource {
  /**
   * A manifest of the image.
   * @param digest Of a manifest that an index lists; without it, the root.
   */
  manifest(digest?: Digest): SourceManifest | Promise<SourceManifest>;
  /**
   * Open a blob whose bytes are needed: the registry lacks it and cannot mount it. Several are open
   * at once, and each may be read more than once.
   */
  openBlob(
    descriptor: Descriptor,
  ): BlobSource | Blob | Uint8Array | Promise<BlobSource | Blob | Uint8Array>;
  /**
   * Repositories of the same registry that may have the blob, to mount it from, the likeliest first.
   * Default is none.
   */
  mountFrom?(descriptor: Descriptor): readonly string[] | undefined;
}
