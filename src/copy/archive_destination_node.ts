import { lstat, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TidegateError } from "../core/mod.ts";
import { type ArchiveImage, openLayout, writeArchive } from "../layout/mod.ts";
import type { ArchiveDestination, ArchiveImageOptions } from "./archive_options.ts";
import { layoutImage } from "./layout_image.ts";

/**
 * Begin, or go on where an earlier run ended.
 * @throws {TidegateError} CACHE_IO; CACHE_INVALID when something else is beside it, or a link.
 */
export async function openArchiveDestination(
  file: string,
  { format = "oci", name, platform }: ArchiveImageOptions,
): Promise<ArchiveDestination> {
  const directory = resolve(`${file}.partial`);
  await assertNoLink(directory);
  const layout = await openLayout(directory);
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
      await removeLayout(directory);
    },
    leave: () => layout.close(),
  };
}

/** What is behind a link is somebody's own, and would be removed in the end. */
async function assertNoLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined); // opening it says what is wrong
  if (!found?.isSymbolicLink()) return;
  const reason = "is a link: remove it, for what arrives is kept there and removed in the end";
  throw new TidegateError("CACHE_INVALID", `${path} ${reason}`, { path, reason });
}

/** First what says that it is whole: a run after one that ended here makes it anew. */
async function removeLayout(directory: string): Promise<void> {
  await rm(join(directory, "oci-layout"), { force: true });
  await rm(directory, { recursive: true, force: true });
}
