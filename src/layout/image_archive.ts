import type { LayoutReader } from "./layout.ts";

/** How an archive is laid out: an OCI image layout in a tar, or what `docker save` wrote until version 24. */
export type ArchiveFormat = "oci" | "docker";

/** Images in a tar archive, to read. */
export interface ImageArchive extends LayoutReader {
  /**
   * What it is. An image of a `docker` archive has no manifest: it gets one, always the same, of its
   * config and its layers as they are in the archive.
   */
  readonly format: ArchiveFormat;
  /** Remove what was unpacked aside to read it. What was opened from it cannot be read any more. */
  close(): Promise<void>;
}

/** How an archive is opened. */
export interface OpenArchiveOptions {
  /**
   * Where a stream, or a compressed archive, is written to be read: a new directory in it, closed to
   * others, gone after `close()`. Default is the system's.
   */
  readonly temporaryDirectory?: string;
  /** Most bytes that are written there. Default is 64 GiB. */
  readonly maximumBytes?: number;
}
