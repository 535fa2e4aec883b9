import type { BlobSource, CallOptions, PulledManifest, RegistryClient } from "../client/mod.ts";
import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { ByteSink } from "../verify/mod.ts";
import type { SeenBlobs } from "./seen_blobs.ts";

/** Where an image comes from: a registry, a layout, an archive. */
export interface CopySource {
  /** As a person writes it, for events and messages. Holds no secret. */
  readonly name: string;
  /** Whether bytes are read again at no cost to anybody: files are, registries are not. */
  readonly isLocal: boolean;
  /** Where blobs may be mounted from, if it is a registry. */
  readonly origin?: MountOrigin | undefined;
  /**
   * What the image's name points to, without a pull.
   * @throws {TidegateError} NOT_FOUND, CACHE_NOT_FOUND, or what the registry answers.
   */
  root(options: CallOptions): Promise<Descriptor>;
  /**
   * The manifest that the image's name points to, in one request; undefined where it cannot be had so,
   * or is not what it is said to be. Default is that it cannot.
   */
  named?(options: CallOptions): Promise<PulledManifest | undefined>;
  /**
   * A manifest of the image, verified against its descriptor.
   * @throws {TidegateError} NOT_FOUND; DIGEST_MISMATCH; BLOB_SIZE_MISMATCH; INVALID_MANIFEST.
   */
  manifest(descriptor: Descriptor, options: CallOptions): Promise<PulledManifest>;
  /**
   * A blob's bytes, from any offset. They are not verified: that is for the destination, which
   * refuses what is wrong.
   */
  openBlob(descriptor: Descriptor, options: CallOptions): CopyBlob | Promise<CopyBlob>;
  /** What refers to a manifest. Default is nothing. */
  referrers?(digest: Digest, options: CallOptions): AsyncIterable<Descriptor>;
  /** All tags of the image's repository, to find digest tags among them. Default is none. */
  tags?(options: CallOptions): AsyncIterable<string>;
  /** What another tag of the image's repository points to; undefined when to nothing. */
  resolve(tag: string | undefined, options: CallOptions): Promise<Descriptor | undefined>;
}

/** A blob's bytes, to be pulled by `slice` or pushed by `pipeTo`. */
export interface CopyBlob extends BlobSource {
  /**
   * Write the bytes from an offset to the last one, which saves copies. Default is by `slice`. The
   * sink is closed at the end, and aborted by a failure.
   */
  pipeTo?(start: number, sink: ByteSink): Promise<void>;
}

/** Where an image goes to: a registry, a layout, an archive. */
export interface CopyDestination {
  /** As a person writes it, for events and messages. Holds no secret. */
  readonly name: string;
  /** Whether it takes an index that lists more than it has. */
  readonly acceptsSparse: boolean;
  /** Most blobs that it takes at once. Default is no bound. */
  readonly maxBlobs?: number | undefined;
  /** What a tag points to, or without one its own name; undefined when to nothing. */
  resolve(tag: string | undefined, options: CallOptions): Promise<Descriptor | undefined>;
  /**
   * Whether a manifest is likely to be there, without asking: it was put there a moment ago. Default
   * is no.
   */
  expects?(descriptor: Descriptor): boolean;
  /** Whether a manifest is there, with all that it lists. */
  hasManifest(descriptor: Descriptor, options: CallOptions): Promise<boolean>;
  /**
   * Bring a blob there, verified.
   * @throws {TidegateError} DIGEST_MISMATCH or BLOB_SIZE_MISMATCH when its bytes are wrong; what its
   * source throws.
   */
  putBlob(transfer: BlobTransfer): Promise<BlobArrival>;
  /**
   * Write a manifest. It comes after all that it lists.
   *
   * @param place What to name it.
   * @returns The tags that it has now.
   * @throws {TidegateError} MANIFEST_BLOB_UNKNOWN when something that it lists is not there.
   */
  putManifest(
    manifest: PulledManifest,
    place: ManifestPlace,
    options: CallOptions,
  ): Promise<readonly string[]>;
  /** All has arrived: finish what is written. Not called after a failure. */
  close?(options: CallOptions): Promise<void>;
  /** The copy has failed: give up what is half written. What a later run can use stays. */
  abort?(reason: unknown): Promise<void>;
}

/** A repository that may have a blob, and whose rights are used to see it. */
export interface MountOrigin {
  readonly client: RegistryClient;
  /** As in a reference. */
  readonly registry: string;
  readonly repository: string;
}

/** What a manifest is named. */
export type ManifestPlace =
  /** The image itself: the destination's own name, and more tags beside it. */
  | {
    readonly role: "root";
    readonly tags: readonly string[];
    /** What the source calls the image. */
    readonly source: string;
  }
  /** Part of an index, by its digest alone. */
  | { readonly role: "child" }
  /** Refers to another manifest: `subject` in the document says to which. */
  | { readonly role: "referrer" }
  /** Found by a tag that is made of another manifest's digest. */
  | { readonly role: "digest-tag"; readonly tag: string };

/** One blob on its way. */
export interface BlobTransfer {
  readonly descriptor: Descriptor;
  /** Its bytes. Opened when they are needed. */
  readonly source: CopyBlob;
  /** See {@linkcode CopySource.isLocal}. */
  readonly isLocal: boolean;
  /** A repository that has it. */
  readonly origin: MountOrigin | undefined;
  /** Write it even if the destination says that it is there. */
  readonly force: boolean;
  /** What is there for sure, unless it must be written by force. What has come is added. */
  readonly seen: SeenBlobs;
  /** Whether the destination's repository had nothing when the run began. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
  /** Told how many bytes have arrived. */
  readonly onProgress: (arrivedBytes: number) => void;
  /** Told where it goes on. */
  readonly onResume: (arrivedBytes: number) => void;
}

/** How a blob got there. */
export interface BlobArrival {
  readonly outcome: "exists" | "mounted" | "transferred";
  /** Bytes that were transferred now. */
  readonly transferredBytes: number;
}
