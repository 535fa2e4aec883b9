import type { CallOptions } from "../client/mod.ts";
import type { Clock } from "../core/mod.ts";
import type { Platform } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { CopyEvent, CopyTotals } from "./event.ts";

/** How an image is copied. */
export interface CopyOptions extends CallOptions {
  /**
   * Copy only these of an index. With one, its manifest is what is copied: the index stays behind.
   * With more, the index is copied byte for byte and lists more than there is, which a layout takes
   * and a registry only with `sparse`. Default is all.
   */
  readonly platforms?: readonly (Platform | string)[] | undefined;
  /** Write an index that lists more than was copied to a registry, too. Many refuse it. */
  readonly sparse?: boolean | undefined;
  /**
   * Copy what refers to the image and to what it lists: signatures, SBOMs, attestations, and what
   * refers to those. A list of artifact types copies only these. Default is `false`.
   */
  readonly referrers?: boolean | readonly string[] | undefined;
  /** Copy images tagged by a digest of the image, as cosign does: `sha256-….sig`. Default is `false`. */
  readonly digestTags?: boolean | undefined;
  /** Further tags of the destination. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Look at every part even where the destination has the image: heals one that a cache has filled
   * by halves. Default is `false`.
   */
  readonly deep?: boolean | undefined;
  /** Blobs at a time. Default is 8 on Node, where what is sent need not be held, else 6. */
  readonly concurrency?: number | undefined;
  /** Told of every step. Must not throw. */
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** What a copy came to. */
export interface CopiedImage {
  /** Of what the destination's name points to: the index, or the manifest of the one platform. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** `unchanged`: it pointed to it already, and nothing was read or written. */
  readonly outcome: "copied" | "unchanged";
  readonly totals: CopyTotals;
  readonly milliseconds: number;
}
