import type { Descriptor, Manifest } from "../manifest/mod.ts";
import type { Reference } from "../reference/mod.ts";
import type { Artifact, AttachedReferrer } from "./attach_referrer.ts";
import { createConnect } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import type { DeleteTagOptions } from "./delete_tag.ts";
import { getBlob, type GetBlobOptions, type PulledBlob } from "./get_blob.ts";
import { getManifest, type GetManifestOptions } from "./get_manifest.ts";
import { blobExists, type BlobHead, headBlob } from "./head_blob.ts";
import { headManifest, manifestExists, type ManifestHead } from "./head_manifest.ts";
import type { ImageSink } from "./image_sink.ts";
import type { ImageSource } from "./image_source.ts";
import type { ListReferrersOptions } from "./list_referrers.ts";
import type { MountOptions } from "./mount_blob.ts";
import type { ListTagsOptions } from "./list_tags.ts";
import { type RegistryClientOptions, resolveClientOptions } from "./options.ts";
import type { PushSource } from "./blob_source.ts";
import type { PushBlobOptions, PushedBlob } from "./push_blob.ts";
import type { ResumeUploadOptions } from "./resume_upload.ts";
import type { UploadRecord } from "./upload_record.ts";
import { ping } from "./ping.ts";
import type { PulledImage, PullImageOptions } from "./pull_image.ts";
import type { PushedImage, PushImageOptions } from "./push_image.ts";
import type { ManifestContent, PushedManifest, PutManifestOptions } from "./put_manifest.ts";
import type { PulledManifest } from "./pulled_manifest.ts";
import { type RateLimit, rateLimit } from "./rate_limit.ts";

/** Manifests of a registry. */
export interface ManifestOperations {
  /** Get a manifest, verified: see {@linkcode getManifest}. */
  get(ref: Reference, options?: GetManifestOptions): Promise<PulledManifest>;
  /** Digest, type and size without a pull. Not verified. */
  head(ref: Reference, options?: CallOptions): Promise<ManifestHead>;
  /** Whether it is there. */
  exists(ref: Reference, options?: CallOptions): Promise<boolean>;
  /** Push a manifest, byte for byte: see {@linkcode putManifest}. */
  put(
    ref: Reference,
    content: ManifestContent,
    options?: PutManifestOptions,
  ): Promise<PushedManifest>;
  /** Delete a manifest by its digest, with all its tags: see {@linkcode deleteManifest}. */
  delete(ref: Reference, options?: CallOptions): Promise<void>;
}

/** Blobs of a registry. */
export interface BlobOperations {
  /** Get a blob as a verified stream: see {@linkcode getBlob}. */
  get(ref: Reference, digest: string, options?: GetBlobOptions): Promise<PulledBlob>;
  /** Whether it is there and how long it is. Not verified. */
  head(ref: Reference, digest: string, options?: CallOptions): Promise<BlobHead>;
  /** Whether it is there. */
  exists(ref: Reference, digest: string, options?: CallOptions): Promise<boolean>;
  /** Push a blob from bytes, a `Blob`, a stream or a file: see {@linkcode pushBlob}. */
  put(ref: Repository, source: PushSource, options?: PushBlobOptions): Promise<PushedBlob>;
  /** Take a blob from another repository; false when the registry wants its bytes. */
  mount(ref: Repository, digest: string, options?: MountOptions): Promise<boolean>;
  /** Continue an upload that another process began: see {@linkcode resumeUpload}. */
  resumeUpload(
    record: UploadRecord,
    source: PushSource,
    options?: ResumeUploadOptions,
  ): Promise<PushedBlob>;
  /** Give up an upload that another process began: see {@linkcode cancelUpload}. */
  cancelUpload(record: UploadRecord, options?: CallOptions): Promise<boolean>;
  /** Delete it from the repository: see {@linkcode deleteBlob}. */
  delete(ref: Reference, digest: string, options?: CallOptions): Promise<void>;
}

/** Tags of a repository. */
export interface TagOperations {
  /** All tags, page by page as they are consumed. */
  list(
    ref: Pick<Reference, "registry" | "repository">,
    options?: ListTagsOptions,
  ): AsyncIterable<string>;
  /** Point a tag to a manifest that is there: see {@linkcode putTag}. */
  put(ref: Reference, tag: string, options?: CallOptions): Promise<PushedManifest>;
  /** Delete the reference's tag alone: see {@linkcode deleteTag}. */
  delete(ref: Reference, options?: DeleteTagOptions): Promise<void>;
}

/** What refers to a manifest. */
export interface ReferrerOperations {
  /** All referrers, page by page as they are consumed. */
  list(ref: Reference, options?: ListReferrersOptions): AsyncIterable<Descriptor>;
  /** Attach an artifact to a manifest: see {@linkcode attachReferrer}. */
  attach(
    ref: Reference,
    artifact: Artifact | Uint8Array | Manifest,
    options?: CallOptions,
  ): Promise<AttachedReferrer>;
}

type Repository = Pick<Reference, "registry" | "repository">;

/** A client of any number of registries. */
export interface RegistryClient {
  /** Whether a registry is there and takes our credentials. */
  ping(ref: Pick<Reference, "registry">, options?: CallOptions): Promise<void>;
  /** How many pulls are left; `undefined` where there is no limit. */
  rateLimit(ref: Reference, options?: CallOptions): Promise<RateLimit | undefined>;
  readonly manifests: ManifestOperations;
  readonly blobs: BlobOperations;
  readonly tags: TagOperations;
  readonly referrers: ReferrerOperations;
  /** Pull a whole image into a sink: see {@linkcode pullImage}. */
  pullImage(ref: Reference, sink: ImageSink, options?: PullImageOptions): Promise<PulledImage>;
  /** Push a whole image out of a source: see {@linkcode pushImage}. */
  pushImage(ref: Reference, source: ImageSource, options?: PushImageOptions): Promise<PushedImage>;
}

/**
 * Make a client for Docker Hub, GHCR and any other OCI registry.
 *
 * Cheap, and does no I/O: a Worker makes one per request and shares `kv` and `state`, which hold
 * values only. One transport is kept for each registry used.
 *
 * @example
 * ```ts
 * import { createRegistryClient, parseReference } from "tidegate";
 * const registry = createRegistryClient();
 * const ref = parseReference("ghcr.io/acme/app:v1");
 * const { manifest, digest } = await registry.manifests.get(ref, { platform: "linux/arm64" });
 * ```
 *
 * @throws {TypeError} For options that contradict each other or are out of range.
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const settings = resolveClientOptions(options);
  const context: ClientContext = { settings, connect: createConnect(settings) };
  const writing: ClientContext = { ...context, isWriting: true };
  // what goes beyond single requests that read is loaded when it is first used
  const pullSide = () => import("./pull_image.ts");
  const pushSide = () => import("./push_side.ts");
  return {
    ping: (ref, options) => ping(context, ref, options),
    rateLimit: (ref, options) => rateLimit(context, ref, options),
    manifests: {
      get: (ref, options) => getManifest(context, ref, options),
      head: (ref, options) => headManifest(context, ref, options),
      exists: (ref, options) => manifestExists(context, ref, options),
      put: async (...args) => (await pushSide()).putManifest(writing, ...args),
      delete: async (...args) => (await pushSide()).deleteManifest(writing, ...args),
    },
    blobs: {
      get: (ref, digest, options) => getBlob(context, ref, digest, options),
      head: (ref, digest, options) => headBlob(context, ref, digest, options),
      exists: (ref, digest, options) => blobExists(context, ref, digest, options),
      put: async (...args) => (await pushSide()).pushBlob(writing, ...args),
      mount: async (...args) => (await pushSide()).mountBlob(writing, ...args),
      resumeUpload: async (...args) => (await pushSide()).resumeUpload(writing, ...args),
      cancelUpload: async (...args) => (await pushSide()).cancelUpload(writing, ...args),
      delete: async (...args) => (await pushSide()).deleteBlob(writing, ...args),
    },
    tags: {
      list: async function* (...args): AsyncGenerator<string, void> {
        yield* (await import("./list_tags.ts")).listTags(context, ...args);
      },
      put: async (...args) => (await pushSide()).putTag(writing, ...args),
      delete: async (...args) => (await pushSide()).deleteTag(writing, ...args),
    },
    referrers: {
      list: async function* (...args): AsyncGenerator<Descriptor, void> {
        yield* (await import("./list_referrers.ts")).listReferrers(context, ...args);
      },
      attach: async (...args) => (await pushSide()).attachReferrer(writing, ...args),
    },
    pullImage: async (...args) => (await pullSide()).pullImage(context, ...args),
    pushImage: async (...args) => (await pushSide()).pushImage(writing, ...args),
  };
}
