import type { RegistryClient } from "../client/mod.ts";
import type { Reference } from "../reference/mod.ts";
import type { Learned } from "./learned.ts";
import type { UploadRecords } from "./upload_records.ts";

/** How an image of a registry is copied. */
export interface RegistryImageOptions {
  /** Where uploads leave what the next run needs to continue them. Default is nowhere. */
  readonly records?: UploadRecords | undefined;
  /**
   * Most bytes of one request of an upload. Default is 64 MiB where what is sent need not be held (Node),
   * else 4 MiB (Bun 3), of which two are held.
   */
  readonly chunkBytes?: number | undefined;
  /** All tags of its repository, where they are known: then they need not be listed. */
  readonly knownTags?: readonly string[] | undefined;
}

/** What the functions of one image share. */
export interface RegistryPlace {
  readonly client: RegistryClient;
  readonly ref: Reference;
  readonly name: string;
  readonly learned: Learned;
  readonly options: RegistryImageOptions;
}
