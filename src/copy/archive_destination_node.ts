import { rm } from "node:fs/promises";
import type { CallOptions } from "../client/mod.ts";
import { type ArchiveImage, openLayout, writeArchive } from "../layout/mod.ts";
import type { ArchiveImageOptions } from "./archive_image.ts";
import type { CopyDestination } from "./endpoint.ts";
import { layoutImage } from "./layout_image.ts";

/** An archive that is being filled: first a layout beside it. */
export interface ArchiveDestination {
  readonly image: Pick<CopyDestination, "putBlob">;
  readonly putManifest: CopyDestination["putManifest"];
  /** Write the archive, and remove what is beside it. */
  finish(options: CallOptions): Promise<void>;
  /** Leave what has arrived to the next run. */
  leave(): Promise<void>;
}

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
