import type { Descriptor } from "../manifest/mod.ts";
import type { Digest } from "../reference/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { CacheRecord } from "./cache_record.ts";

/** A line of a layout's `index.json`. */
export interface LayoutEntry {
  /** The annotation `org.opencontainers.image.ref.name`. Undefined for what has no name: referrers. */
  readonly name: string | undefined;
  /** What it names, without the annotations that are the name and the data of the cache. */
  readonly descriptor: Descriptor;
  /** What the cache noted of it, if it was the cache that wrote it. */
  readonly cache: CacheRecord | undefined;
}

/** A manifest of a layout or an archive, byte for byte. */
export interface LayoutManifest {
  /** They have this {@linkcode digest}: it was checked when they were read. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly digest: Digest;
}

/**
 * A blob of a layout or an archive. It is a `BlobSource` of `tidegate/client`: what is pushed can be
 * read again from any offset.
 */
export interface LayoutBlob {
  /** Its length in bytes, which is that of its file. */
  readonly size: number;
  /**
   * The bytes from `start` up to, but without, `end`; without `end` up to the last. A stream from 0
   * to the end is verified: its last piece comes only if the digest is right, otherwise it fails
   * with CACHE_CORRUPT, which names the file. Of other parts only the length is checked.
   */
  slice(start: number, end?: number): ReadableStream<Uint8Array>;
  /** The bytes from `start` to the last, as `slice` has them, in a buffer that is used again. */
  read?(start: number): ByteReader;
}

/** What can be read of images in files: a layout directory, an archive of it, a `docker save` archive. */
export interface LayoutReader {
  /** The directory or file, as an absolute path. */
  readonly path: string;
  /**
   * All entries, in their order.
   * @throws {TidegateError} CACHE_INVALID, or ARCHIVE_INVALID, naming the file.
   */
  names(): Promise<readonly LayoutEntry[]>;
  /**
   * The image of a name, or of a digest, be it of an entry or of a manifest below one. Without a
   * name the only one. Undefined when there is none.
   *
   * @throws {TidegateError} CACHE_NOT_FOUND without a name where there are several: it lists them.
   */
  resolve(name?: string): Promise<Descriptor | undefined>;
  /**
   * A manifest, verified; undefined when it is not there.
   *
   * @throws {TidegateError} CACHE_CORRUPT when it is not what its digest says; INVALID_MANIFEST.
   */
  manifest(digest: Digest): Promise<LayoutManifest | undefined>;
  /** Whether a blob is there whole, by its length; what it holds is verified when it is read. */
  hasBlob(descriptor: BlobKey): Promise<boolean>;
  /**
   * A blob to read.
   *
   * @throws {TidegateError} CACHE_NOT_FOUND; CACHE_CORRUPT when its length is another.
   */
  openBlob(descriptor: BlobKey, options?: OpenBlobOptions): Promise<LayoutBlob>;
  /** Manifests whose `subject` is this one, as they are listed in `index.json`. */
  referrers(digest: Digest): Promise<readonly Descriptor[]>;
}

/** How a blob is read. */
export interface OpenBlobOptions {
  /**
   * Whether a stream of the whole is verified. `false` is for those who hash it themselves, such as
   * a push of that digest. Default is `true`.
   */
  readonly verify?: boolean;
}

/** What identifies a blob: any `Descriptor` is one. */
export type BlobKey = Pick<Descriptor, "digest" | "size">;

/**
 * An OCI image layout in a directory, to read and to write, also by several processes at once.
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/main/image-layout.md | image-spec, Image Layout}
 */
export interface ImageLayout extends LayoutReader {
  /** Where it is: the real path, without links. */
  readonly directory: string;
  /**
   * Write a blob. What an earlier attempt left, of this process or of one that is gone, is hashed
   * again and continued at {@linkcode BlobWriter.offset}. While another process writes the same
   * blob, wait for it; if it makes no progress for `stallMs`, write it once more beside it.
   *
   * @throws {TidegateError} CACHE_IO when the disk refuses; the signal's reason when aborted.
   */
  blobWriter(descriptor: BlobKey, options?: BlobWriterOptions): Promise<BlobWriter>;
  /**
   * Keep a manifest byte for byte, and with a name list it in `index.json` in place of what had
   * the name. One with a `subject` is listed without a name too. Blobs and children come first.
   *
   * @throws {TidegateError} DIGEST_MISMATCH; INVALID_MANIFEST; CACHE_IO.
   */
  putManifest(manifest: LayoutManifest, name?: string): Promise<void>;
  /**
   * Give a manifest that is there a name, taking it from any other. Other names stay.
   *
   * @param origin Where it came from: the entry gets the data of the cache.
   * @throws {TidegateError} CACHE_NOT_FOUND when the manifest is not there; CACHE_IO.
   * @throws {TypeError} If the name is empty, over 1024 characters or has control characters.
   */
  tag(name: string, descriptor: Descriptor, origin?: CacheOrigin): Promise<void>;
  /** Remove a name. Blobs stay until {@linkcode gc}. Resolves to whether there was one. */
  untag(name: string): Promise<boolean>;
  /**
   * Delete the blobs that no entry of `index.json` leads to, except what running processes wrote or
   * found since they began; referrers of what is gone; files that crashed processes left.
   *
   * @throws {TidegateError} CACHE_CORRUPT and nothing deleted when a manifest cannot be trusted.
   */
  gc(options?: GcOptions): Promise<GcReport>;
  /** Hash every blob, and list what is missing. Never throws for what it finds. */
  verify(options?: VerifyLayoutOptions): Promise<VerifyReport>;
  /**
   * Move a blob away that was found to be wrong, so that it is pulled again. Resolves to where it is
   * now, or to undefined when there was none.
   */
  quarantine(digest: Digest): Promise<string | undefined>;
  /**
   * Nothing more will be written: {@linkcode gc} of others need spare nothing for us. Without it
   * they do so until this process ends.
   */
  close(): Promise<void>;
}

/** Where an image of the cache came from. */
export interface CacheOrigin {
  /** The reference that was pulled: `registry.example.com/app:v1.0`. */
  readonly sourceImage: string;
  /** Unix seconds. Default is now. */
  readonly cachedAt?: number;
}

/** How a blob is written. */
export interface BlobWriterOptions {
  /** Aborting it ends the wait for another process. */
  readonly signal?: AbortSignal | undefined;
}

/** One blob on its way to the disk. It fits where a `ByteSink` of `tidegate/verify` does. */
export interface BlobWriter {
  /** Bytes that are there already: continue behind them. The blob's size when there is nothing to do. */
  readonly offset: number;
  /** Chunks are borrowed: `write` has done with one when it resolves. */
  readonly borrows: true;
  /**
   * Take the next bytes. One call at a time.
   * @throws {TidegateError} BLOB_SIZE_MISMATCH past the blob's size; CACHE_IO.
   */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * All was written: check size and digest, sync, and put the blob in its place. Wrong bytes are
   * removed, so that the next try starts anew.
   * @throws {TidegateError} BLOB_SIZE_MISMATCH; DIGEST_MISMATCH; CACHE_IO.
   */
  close(): Promise<void>;
  /** Stop here. What was written stays for the next try, in this process or another. */
  abort(reason?: unknown): Promise<void>;
}

/** What {@linkcode ImageLayout.gc} may delete. */
export interface GcOptions {
  /** Count only. Default is `false`. */
  readonly dryRun?: boolean;
  /**
   * Unfinished blobs that nobody writes are deleted at this age, in milliseconds. Default is 7 days;
   * 0 deletes all of them.
   */
  readonly partialAgeMs?: number;
}

/** What was deleted, or would be. */
export interface GcReport {
  readonly blobs: number;
  readonly partials: number;
  /** Of both. */
  readonly bytes: number;
}

/** How {@linkcode ImageLayout.verify} runs. */
export interface VerifyLayoutOptions {
  /** Move wrong blobs away, so that they are pulled again. Default is `false`. */
  readonly quarantine?: boolean;
  /** Aborting it ends the run with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each blob. */
  readonly onBlob?:
    | ((blob: { readonly digest: Digest; readonly size: number }) => void)
    | undefined;
}

/** A blob that is not what its name says. */
export interface CorruptBlob {
  readonly digest: Digest;
  /** Its file. After the quarantine, where it is now. */
  readonly path: string;
  readonly reason: string;
}

/** What {@linkcode ImageLayout.verify} found. */
export interface VerifyReport {
  readonly blobs: number;
  readonly bytes: number;
  readonly corrupt: readonly CorruptBlob[];
  /**
   * What entries, and the images among their manifests, list but the directory lacks. An index may
   * lack manifests: not every platform was pulled.
   */
  readonly missing: readonly Descriptor[];
}
