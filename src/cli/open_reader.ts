import { type ArchiveFormat, type LayoutReader, openArchive, openLayout } from "../layout/mod.ts";
import { formatReference, tryParseReference } from "../reference/mod.ts";
import { cacheDirectory } from "./cache.ts";
import type { CommandContext } from "./command.ts";
import type { ImageArgument } from "./image_argument.ts";

/** An image that is in files, and the name that it has there. */
export interface FileImage {
  readonly reader: LayoutReader;
  /** Undefined: the only one there is. */
  readonly name: string | undefined;
  /** Leave it. Nothing can be read any more. */
  close(): Promise<void>;
}

/** Open the layout or archive that an image is in, to read. */
export async function openFileImage(
  context: CommandContext,
  image: Exclude<ImageArgument, { readonly kind: "registry" }>,
): Promise<FileImage> {
  const { clock } = context;
  if (image.kind === "cache" || image.kind === "oci") {
    const [path, name] = image.kind === "cache"
      ? [cacheDirectory(context), formatReference(image.reference)]
      : [image.path, image.name];
    const reader = await openLayout(path, { create: false, clock });
    return { reader, name, close: () => reader.close() };
  }
  const reader = await openArchive(image.path);
  return { reader, name: archiveName(reader.format, image.name), close: () => reader.close() };
}

/** What `docker save` has written is named in full in the archive, and by people in short. */
function archiveName(format: ArchiveFormat, name: string | undefined): string | undefined {
  const reference = name === undefined || format === "oci" ? undefined : tryParseReference(name);
  return reference === undefined ? name : formatReference(reference);
}
