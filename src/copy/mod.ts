/**
 * Copies images between registries, layouts and archives, and keeps whole sets of them in step.
 *
 * In: a source and a destination. Out: the same digests there, and events on the way. Next: the
 * caller, and the command line.
 * @module
 */
export { archiveImage } from "./archive_image.ts";
export type { ArchiveImageOptions } from "./archive_options.ts";
export { copyImage } from "./copy_image.ts";
export { fileImage, layoutImage } from "./layout_image.ts";
export type { LayoutImage, LayoutImageOptions } from "./layout_image.ts";
export { openLayout } from "./open_layout.ts";
export type {
  BlobArrival,
  BlobTransfer,
  CopyBlob,
  CopyDestination,
  CopySource,
  ManifestPlace,
  MountOrigin,
} from "./endpoint.ts";
export type {
  BlobFinished,
  BlobMounted,
  BlobProgress,
  BlobResumed,
  BlobSkipped,
  BlobStarted,
  CopyEvent,
  CopyFailed,
  CopyFinished,
  CopyHealing,
  CopyPlanned,
  CopyStarted,
  CopyTotals,
  ManifestCopied,
  SyncFinished,
  SyncImage,
  SyncListed,
  SyncStarted,
  SyncTotals,
  SyncWaiting,
} from "./event.ts";
export type { CopiedImage, CopyOptions } from "./options.ts";
export { registryImage } from "./registry_image.ts";
export type { RegistryImage } from "./registry_image.ts";
export type { RegistryImageOptions } from "./registry_place.ts";
export type {
  SyncDestination,
  SyncOptions,
  SyncPlaces,
  SyncReport,
  SyncSource,
} from "./sync_options.ts";
export { registryPlaces } from "./registry_places.ts";
export type { RegistryPlacesOptions } from "./registry_places.ts";
export { syncImages } from "./sync_images.ts";
export type { SyncPlan, SyncRule, TagRules } from "./sync_plan.ts";
export { memoryUploadRecords } from "./upload_records.ts";
export type {
  ListedUpload,
  SavedUpload,
  UploadNames,
  UploadRecords,
  UploadSlot,
  UploadTarget,
} from "./upload_records.ts";
