/**
 * The wire of the distribution spec, pure: requests as data, answers as values.
 *
 * In: checked names and digests. Out: `RegistryRequest`s, and what answers say. Next: `transport`
 * sends the ones, `verify` checks the others.
 * @module
 */
export {
  type ContentRange,
  formatContentRange,
  parseContentRange,
  type SatisfiedContentRange,
  type UnsatisfiedContentRange,
} from "./content_range.ts";
export { deleteBlobRequest } from "./delete_blob.ts";
export { deleteManifestRequest, type DeleteOptions, isDeleted } from "./delete_manifest.ts";
export { readErrorBody, writeErrorBody } from "./error_body.ts";
export { ERROR_STATUS, type WireErrorCode } from "./error_status.ts";
export {
  type FinishUploadOptions,
  finishUploadRequest,
  readUploadFinish,
} from "./finish_upload.ts";
export { formatLink, type Link, parseLink, readNextLink } from "./link.ts";
export {
  filterReferrers,
  lacksReferrersApi,
  type ListReferrersOptions,
  listReferrersRequest,
  readReferrersPage,
  type ReferrersPage,
} from "./list_referrers.ts";
export { type ListTagsOptions, listTagsRequest, readTagsPage, type TagsPage } from "./list_tags.ts";
export { missingBlobsError } from "./missing_blobs.ts";
export { parsePath, type Route } from "./path.ts";
export { type PingHead, pingRequest, readPingHead } from "./ping.ts";
export {
  type AskedRange,
  type BlobHead,
  type PullBlobOptions,
  pullBlobRequest,
  readPullBlobHead,
} from "./pull_blob.ts";
export {
  type ManifestHead,
  type PullManifestOptions,
  pullManifestRequest,
  readPullManifestHead,
} from "./pull_manifest.ts";
export {
  MAX_PUSH_TAGS,
  type PushedManifestHead,
  type PushManifestOptions,
  pushManifestRequest,
  readPushManifest,
} from "./push_manifest.ts";
export { formatRange, parseRange, type RangeSpec, resolveRange } from "./range.ts";
export { responseError, type ResponseFacts } from "./response_error.ts";
export {
  type CreatedBlob,
  type MountBlobOptions,
  mountBlobRequest,
  pushBlobRequest,
  readUploadStart,
  type StartUploadOptions,
  startUploadRequest,
  type UploadStart,
} from "./start_upload.ts";
export { repositoryRequest, type RepositoryRequestParts, type RepositoryRights } from "./target.ts";
export type { Target } from "./target.ts";
export { readUploadChunk, type UploadChunk, uploadChunkRequest } from "./upload_chunk.ts";
export { formatUploadRange, parseUploadRange, type UploadSession } from "./upload_session.ts";
export { cancelUploadRequest, readUploadStatus, uploadStatusRequest } from "./upload_status.ts";
export { type LinkedPage, type PageRequest, walkPages } from "./walk_pages.ts";
