import type { CommandContext } from "./command.ts";
import { formatImageArgument, parseImageArgument } from "./image_argument.ts";
import { openClient } from "./open_client.ts";
import type { ImageReader } from "./read_image.ts";
import { UsageError } from "./usage_error.ts";

/** Open the image that a word of the command line names. */
export async function openImage(context: CommandContext, word: string): Promise<ImageReader> {
  const image = parseImageArgument(word);
  const name = formatImageArgument(image);
  if (image.kind !== "registry") throw new UsageError(`${image.kind}: cannot be read`);
  const { signal } = context;
  const { reference } = image;
  const { registry } = await openClient(context, reference.registry);
  const { registry: host, repository } = reference;
  return {
    name,
    root: () => registry.manifests.get(reference, { signal }),
    manifest: ({ digest }) =>
      registry.manifests.get({ registry: host, repository, digest }, { signal }),
    async blob({ digest, size }, maximum): Promise<Uint8Array> {
      const blob = await registry.blobs.get(reference, digest, { size, signal });
      return await blob.bytes(maximum);
    },
  };
}
