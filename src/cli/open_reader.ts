import { TidegateError } from "../core/mod.ts";
import { type LayoutReader, openLayout } from "../layout/mod.ts";
import { formatReference } from "../reference/mod.ts";
import { cacheDirectory } from "./cache.ts";
import type { CommandContext } from "./command.ts";
import type { ImageArgument } from "./image_argument.ts";

/** An image that is in files, and the name that it has there. */
export interface FileImage {
  readonly reader: LayoutReader;
  /** Undefined: the only one there is. */
  readonly name: string | undefined;
}

/** Open the layout or archive that an image is in, to read. */
export async function openFileImage(
  context: CommandContext,
  image: Exclude<ImageArgument, { readonly kind: "registry" }>,
): Promise<FileImage> {
  const { clock } = context;
  if (image.kind === "cache") {
    const reader = await openLayout(cacheDirectory(context), { create: false, clock });
    return { reader, name: formatReference(image.reference) };
  }
  const { kind, name, path } = image;
  if (kind === "oci") return { reader: await openLayout(path, { create: false, clock }), name };
  throw new TidegateError("UNSUPPORTED", `${kind} is not read`, { what: kind, reason: "not read" });
}
