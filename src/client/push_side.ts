/**
 * All that writes to a registry, in one file that is loaded when first used: who only pulls does not
 * pay for it.
 * @module
 */
export { attachReferrer } from "./attach_referrer.ts";
export { cancelUpload } from "./cancel_upload.ts";
export { deleteBlob } from "./delete_blob.ts";
export { deleteManifest } from "./delete_manifest.ts";
export { deleteTag } from "./delete_tag.ts";
export { mountBlob } from "./mount_blob.ts";
export { pushBlob } from "./push_blob.ts";
export { pushImage } from "./push_image.ts";
export { putManifest } from "./put_manifest.ts";
export { putTag } from "./put_tag.ts";
export { resumeUpload } from "./resume_upload.ts";
