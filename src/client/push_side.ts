/*
 * Everything that writes to a registry. The client loads it when it is first needed, so that those
 * who only pull do not carry it.
 */
export { attachReferrer } from "./attach_referrer.ts";
export { deleteBlob } from "./delete_blob.ts";
export { deleteManifest } from "./delete_manifest.ts";
export { deleteTag } from "./delete_tag.ts";
export { pushBlob } from "./push_blob.ts";
export { pushImage } from "./push_image.ts";
export { putManifest } from "./put_manifest.ts";
export { putTag } from "./put_tag.ts";
