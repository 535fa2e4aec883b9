/**
 * Images in files: the OCI image layout, archives of it, `docker save` archives, and the cache, which
 * is such a layout. On runtimes that have files: Node, Deno, Bun.
 *
 * In: manifests and blobs, verified as they are written. Out: the same, verified as they are read.
 * Next: `copy`, `cli`.
 * @module
 */
export type { ArchiveImage } from "./archive_plan.ts";
export type { CacheRecord } from "./cache_record.ts";
export type { ArchiveFormat, ImageArchive, OpenArchiveOptions } from "./image_archive.ts";
export { imagePathName } from "./image_path_name.ts";
export type {
  BlobKey,
  BlobWriter,
  BlobWriterOptions,
  CacheOrigin,
  CorruptBlob,
  GcOptions,
  GcReport,
  ImageLayout,
  LayoutBlob,
  LayoutEntry,
  LayoutManifest,
  LayoutReader,
  OpenBlobOptions,
  VerifyLayoutOptions,
  VerifyReport,
} from "./layout.ts";
export { openArchive } from "./open_archive_node.ts";
export { openLayout, type OpenLayoutOptions } from "./open_layout_node.ts";
export { writeArchive, type WriteArchiveOptions } from "./write_archive_node.ts";
