import type { Descriptor } from "../manifest/mod.ts";
import type { ByteSink } from "../verify/mod.ts";
import type { PulledManifest } from "./pulled_manifest.ts";

/** Where a pulled image goes: a folder, an archive, another registry. */
export interface ImageSink {
  /** Whether a blob is there already and need not be pulled. Default is no. */
  hasBlob?(descriptor: Descriptor): boolean | Promise<boolean>;
  /**
   * Open a place for a blob. What is written is complete only once `close` was called: before, the
   * digest has not been checked. Several are open at once. Chunks are its own to keep, unless it
   * says that it `borrows` them.
   */
  openBlob(descriptor: Descriptor): ByteSink | Promise<ByteSink>;
  /**
   * Take a verified manifest. It comes after all its blobs, and an index after all its manifests.
   * @param isRoot Whether it is the one that was asked for: the last to come.
   */
  putManifest(manifest: PulledManifest, isRoot: boolean): void | Promise<void>;
}
