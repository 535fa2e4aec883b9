import { parseTag, type Reference } from "../reference/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import type { PushedManifest } from "./put_manifest.ts";
import { sendManifest } from "./send_manifest.ts";

/**
 * Point a tag to a manifest that the repository has already, with no blob moved: its bytes are got,
 * verified, and pushed again under the tag. Of an index only the index itself is.
 *
 * @param ref The manifest, by digest or by another tag.
 * @throws {TidegateError} INVALID_TAG before any request; what `manifests.get` and `manifests.put`
 * throw.
 */
export async function putTag(
  context: ClientContext,
  ref: Reference,
  tag: string,
  { signal }: CallOptions = {},
): Promise<PushedManifest> {
  const checked = parseTag(tag);
  const { bytes, digest, manifest, mediaType, size } = await getManifest(context, ref, { signal });
  const prepared = { bytes, digest, manifest, mediaType };
  await sendManifest(context, context.connect(ref), checked, prepared, { signal });
  return { digest, mediaType, size, tags: [checked] };
}
