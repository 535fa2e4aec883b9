/**
 * The registry client: one operation per file, verified to the last byte.
 *
 * In: a `Reference`. Out: manifests, blobs, tags, referrers, whole images. Next: the caller; `front`
 * and `copy` share its pieces.
 * @module
 */
export { createRegistryClient } from "./create_registry_client.ts";
export type {
  BlobOperations,
  ManifestOperations,
  ReferrerOperations,
  RegistryClient,
  TagOperations,
} from "./create_registry_client.ts";
export type { Artifact, ArtifactLayer, AttachedReferrer } from "./attach_referrer.ts";
export type { BlobSlice, BlobSource, PushSource } from "./blob_source.ts";
export type { CallOptions } from "./context.ts";
export type { DeleteTagOptions } from "./delete_tag.ts";
export type { GetBlobOptions, PulledBlob } from "./get_blob.ts";
export { MAX_INDEX_DEPTH, tooDeep } from "./get_manifest.ts";
export type { GetManifestOptions } from "./get_manifest.ts";
export type { PulledManifest } from "./pulled_manifest.ts";
export type { BlobHead } from "./head_blob.ts";
export type { ManifestHead } from "./head_manifest.ts";
export type { ImageSink } from "./image_sink.ts";
export type { ImageSource, SourceManifest } from "./image_source.ts";
export type { ListReferrersOptions } from "./list_referrers.ts";
export type { ListTagsOptions } from "./list_tags.ts";
export type { MountOptions } from "./mount_blob.ts";
export { blobsOf, MAX_MANIFESTS, MAX_TREE_BYTES, tooMany } from "./image_tree.ts";
export { inParallel } from "./parallel.ts";
export { openBlob } from "./open_blob.ts";
export type { OpenBlob, OpenBlobOptions } from "./open_blob.ts";
export type { ClientLimits, RegistryClientOptions } from "./options.ts";
export type { PulledImage, PullImageOptions, PullProgress } from "./pull_image.ts";
export type { PushedImage, PushImageOptions, PushProgress } from "./push_image.ts";
export type { ManifestContent, PushedManifest, PutManifestOptions } from "./put_manifest.ts";
export type { PushBlobOptions, PushedBlob, UploadOptions } from "./push_blob.ts";
export type { RateLimit } from "./rate_limit.ts";
export { failureFacts, responseFailure } from "./response_failure.ts";
export { RESUME } from "./resume_settings.ts";
export type { ResumeUploadOptions } from "./resume_upload.ts";
export type { ResumeSettings } from "./resume_settings.ts";
export { baseOf, permitLocation } from "./upload_location.ts";
export type { UploadRecord } from "./upload_record.ts";
