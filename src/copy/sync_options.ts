import type { CallOptions } from "../client/mod.ts";
import type { Clock } from "../core/mod.ts";
import type { CopyDestination, CopySource } from "./endpoint.ts";
import type { CopyEvent, SyncImage, SyncTotals } from "./event.ts";

/** Where the images of a sync come from. */
export interface SyncSource {
  /**
   * All repositories.
   * @throws {TidegateError} UNSUPPORTED where they cannot be listed.
   */
  repositories(options: CallOptions): AsyncIterable<string>;
  tags(repository: string, options: CallOptions): AsyncIterable<string>;
  /** @param knownTags All tags of the repository, where they were listed. */
  image(repository: string, tag: string, knownTags?: readonly string[]): CopySource;
}

/** Where the images of a sync go to. */
export interface SyncDestination {
  /** None for a repository that is not there. */
  tags(repository: string, options: CallOptions): AsyncIterable<string>;
  image(repository: string, tag: string): CopyDestination;
  /** Delete a tag, and nothing else. */
  deleteTag(repository: string, tag: string, options: CallOptions): Promise<void>;
}

/** Finds the ends of a rule by what stands before the first slash of `from` and `to`. */
export interface SyncPlaces {
  source(registry: string): SyncSource;
  destination(registry: string): SyncDestination;
}

/** How images are kept in step. */
export interface SyncOptions extends CallOptions {
  /** Images at a time. Default is 8. */
  readonly images?: number | undefined;
  /** Blobs at a time, of all images together. Default is 8 on Node, else 6; small ones do not count. */
  readonly concurrency?: number | undefined;
  /** List and compare, but write nothing. Default is `false`. */
  readonly dryRun?: boolean | undefined;
  /** End at the first failure. By default the others go on, and it is reported. */
  readonly failFast?: boolean | undefined;
  /**
   * Longest wait for the end of a registry's rate limit, in milliseconds; what would have to wait
   * longer is reported as failed. Default is 5 minutes.
   */
  readonly waitMs?: number | undefined;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** What a sync came to, with every image of it. */
export interface SyncReport extends SyncTotals {
  readonly images: readonly SyncImage[];
}
