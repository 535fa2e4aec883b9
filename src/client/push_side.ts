/**
 * All that writes to a registry, in one file that is loaded when first used: who only pulls does not
 * pay for it.
 * @module
 */
export { mountBlob } from "./mount_blob.ts";
export { pushBlob } from "./push_blob.ts";
export { resumeUpload } from "./resume_upload.ts";
