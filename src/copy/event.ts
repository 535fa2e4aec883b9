import type { ErrorCode } from "../core/mod.ts";

/** What every event of a copy has. */
interface OfCopy {
  /** Which copy, counted from 1 in this process: several run at once. */
  readonly copy: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What every event of a blob has. */
interface OfBlob extends OfCopy {
  readonly digest: string;
  readonly mediaType: string;
  /** In bytes, as its descriptor says. */
  readonly size: number;
  /** Its place among the blobs that are copied, from 0: a config comes before its layers. */
  readonly index: number;
  /** How many blobs there are. */
  readonly count: number;
}

/** A copy begins. Nothing is known of the image yet. */
export interface CopyStarted extends OfCopy {
  readonly type: "copy.started";
  /** As a person writes them: `ghcr.io/acme/app:v1`, `oci:/data/cache:v1`. */
  readonly source: string;
  readonly destination: string;
}

/** All manifests are read: what there is to copy is known. Not sent where nothing has changed. */
export interface CopyPlanned extends OfCopy {
  readonly type: "copy.planned";
  /** Of the image's manifest or index. */
  readonly digest: string;
  readonly manifests: number;
  readonly blobs: number;
  /** Of all blobs, whether they are at the destination or not. */
  readonly bytes: number;
}

/** A manifest is at the destination. */
export interface ManifestCopied extends OfCopy {
  readonly type: "manifest";
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** `exists`: it was there, with all that it lists. */
  readonly outcome: "copied" | "exists";
  /** The tags that it was given. */
  readonly tags: readonly string[];
}

/** A blob's turn has come. */
export interface BlobStarted extends OfBlob {
  readonly type: "blob.started";
}

/** Some of a blob has arrived. At most five in a second for each blob. */
export interface BlobProgress extends OfBlob {
  readonly type: "blob.progress";
  /** Bytes at the destination, those of an earlier run included. */
  readonly arrivedBytes: number;
}

/** A blob goes on where an earlier run, maybe of another process, was interrupted. */
export interface BlobResumed extends OfBlob {
  readonly type: "blob.resumed";
  /** Bytes that need not be transferred again. */
  readonly arrivedBytes: number;
}

/** The destination took a blob from another of its repositories. */
export interface BlobMounted extends OfBlob {
  readonly type: "blob.mounted";
}

/** A blob needs no transfer. */
export interface BlobSkipped extends OfBlob {
  readonly type: "blob.skipped";
  /** `exists`: it is there. `foreign`: it lives outside of registries and is not copied. */
  readonly reason: "exists" | "foreign";
}

/** A blob has arrived, and was verified. */
export interface BlobFinished extends OfBlob {
  readonly type: "blob.finished";
  /** Bytes that were transferred now. */
  readonly transferredBytes: number;
  readonly milliseconds: number;
}

/** The destination lacks what it said that it has: those parts are pushed again, once. */
export interface CopyHealing extends OfCopy {
  readonly type: "copy.healing";
  /** The manifest that was refused. */
  readonly digest: string;
  /** What is pushed again. */
  readonly missing: readonly string[];
}

/** A copy is over, and all of it is at the destination. */
export interface CopyFinished extends OfCopy {
  readonly type: "copy.finished";
  readonly digest: string;
  /** `unchanged`: the destination's name points to the same image already. */
  readonly outcome: "copied" | "unchanged";
  readonly totals: CopyTotals;
  readonly milliseconds: number;
  /** Of what was transferred. */
  readonly bytesPerSecond: number;
}

/** A copy is over, for an error or an abort. What has arrived stays, for the next try. */
export interface CopyFailed extends OfCopy {
  readonly type: "copy.failed";
  /** `ABORTED` where a signal ended it, `UNKNOWN` for an error that is not tidegate's. */
  readonly code: ErrorCode | "ABORTED" | "UNKNOWN";
  readonly message: string;
  readonly milliseconds: number;
}

/** What a copy came to. */
export interface CopyTotals {
  /** Manifests that were written. */
  readonly manifests: number;
  /** Blobs that were transferred. */
  readonly transferred: number;
  /** Blobs that the destination took from another repository. */
  readonly mounted: number;
  /** Blobs that were there, and foreign layers. */
  readonly skipped: number;
  /** Blobs that went on from an earlier run: they count as transferred, too. */
  readonly resumed: number;
  /** Bytes of blobs that were transferred. */
  readonly transferredBytes: number;
}

/** What every event of a sync has. */
interface OfSync {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A sync begins. */
export interface SyncStarted extends OfSync {
  readonly type: "sync.started";
  /** Rules of its plan. */
  readonly rules: number;
  readonly isDryRun: boolean;
}

/** The tags of a repository were listed and chosen from. */
export interface SyncListed extends OfSync {
  readonly type: "sync.listed";
  readonly source: string;
  readonly destination: string;
  /** Tags that there are. */
  readonly tags: number;
  /** Tags that the rule wants. */
  readonly chosen: number;
}

/** One image of a sync is done. */
export interface SyncImage extends OfSync {
  readonly type: "sync.image";
  readonly source: string;
  readonly destination: string;
  /** `planned` and `doomed`: what a dry run would have copied or deleted. */
  readonly outcome: "copied" | "unchanged" | "deleted" | "planned" | "doomed" | "failed";
  readonly digest?: string;
  readonly transferredBytes: number;
  /** Why it failed. */
  readonly code?: ErrorCode | "UNKNOWN";
  readonly message?: string;
}

/** A registry's limit is reached: the sync waits for the end of its window. */
export interface SyncWaiting extends OfSync {
  readonly type: "sync.waiting";
  readonly image: string;
  readonly milliseconds: number;
}

/** A sync is over. */
export interface SyncFinished extends OfSync, SyncTotals {
  readonly type: "sync.finished";
}

/** What a sync came to: images by what became of them, and bytes of blobs. */
export interface SyncTotals {
  readonly copied: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly failed: number;
  readonly transferredBytes: number;
  readonly milliseconds: number;
}

/**
 * Everything that a copy or a sync tells while it runs: plain objects, as `JSON.stringify` writes
 * them. The union is closed; `docs/events.schema.json` is made from it.
 */
export type CopyEvent =
  | CopyStarted
  | CopyPlanned
  | ManifestCopied
  | BlobStarted
  | BlobProgress
  | BlobResumed
  | BlobMounted
  | BlobSkipped
  | BlobFinished
  | CopyHealing
  | CopyFinished
  | CopyFailed
  | SyncStarted
  | SyncListed
  | SyncImage
  | SyncWaiting
  | SyncFinished;
