import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { BlobSource } from "./push_blob.ts";

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
   * Open a blob. Called only for blobs that the registry lacks and cannot mount; several are open at
   * once.
   */
  openBlob(descriptor: Descriptor): BlobSource | Promise<BlobSource>;
  /**
   * Repositories of the same registry that may have the blob, to mount it from, the likeliest first.
   * Default is none.
   */
  mountFrom?(descriptor: Descriptor): readonly string[];
}
