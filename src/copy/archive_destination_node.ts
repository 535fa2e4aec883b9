import { rm } from "node:fs/promises";
import { type ArchiveImage, openLayout, writeArchive } from "../layout/mod.ts";
import type { ArchiveDestination, ArchiveImageOptions } from "./archive_options.ts";
import { layoutImage } from "./layout_image.ts";

/**
 * Begin, or go on where an earlier run ended.
 * @throws {TidegateError} CACHE_IO; CACHE_INVALID when something else is beside it.
 */
export async function openArchiveDestination(
  file: string,
  { format = "oci", name, platform }: ArchiveImageOptions,
): Promise<ArchiveDestination> {
  const layout = await openLayout(`${file}.partial`);
  const image = layoutImage(layout, name);
  const images: ArchiveImage[] = [];
  return {
    image,
    async putManifest(manifest, place, options): Promise<readonly string[]> {
      const names = await image.putManifest(manifest, place, options);
      const { digest, mediaType, size } = manifest;
      const descriptor = { digest, mediaType, size };
      if (place.role === "referrer") images.push({ descriptor });
      for (const name of names) images.push({ descriptor, name });
      return names;
    },
    async finish({ signal }): Promise<void> {
      const options = { format, signal, ...(platform && { platform }) };
      await writeArchive(layout, images, file, options);
      await layout.close();
      await rm(layout.directory, { recursive: true, force: true });
    },
    leave: () => layout.close(),
  };
}
