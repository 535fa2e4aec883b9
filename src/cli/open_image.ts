import type { PulledManifest } from "../client/mod.ts";
import { readCapped, TidegateError } from "../core/mod.ts";
import { type Descriptor, parseManifest } from "../manifest/mod.ts";
import { formatReference, type Reference } from "../reference/mod.ts";
import type { CommandContext } from "./command.ts";
import { formatImageArgument, parseImageArgument } from "./image_argument.ts";
import { openClient } from "./open_client.ts";
import { type FileImage, openFileImage } from "./open_reader.ts";
import type { ImageReader } from "./read_image.ts";

/** Look at the image that a word of the command line names. */
export async function withImage<T>(
  context: CommandContext,
  word: string,
  work: (reader: ImageReader) => Promise<T>,
): Promise<T> {
  const reader = await openImage(context, word);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

async function openImage(context: CommandContext, word: string): Promise<ImageReader> {
  const image = parseImageArgument(word);
  const name = formatImageArgument(image);
  return image.kind === "registry"
    ? await registryReader(context, image.reference)
    : fileReader(context, name, await openFileImage(context, image));
}

async function registryReader(context: CommandContext, reference: Reference): Promise<ImageReader> {
  const { signal } = context;
  const { registry: host, repository } = reference;
  const { registry } = await openClient(context, host);
  return {
    name: formatReference(reference),
    root: () => registry.manifests.get(reference, { signal }),
    manifest: ({ digest }) =>
      registry.manifests.get({ registry: host, repository, digest }, { signal }),
    async blob({ digest, size }, maximum): Promise<Uint8Array> {
      const blob = await registry.blobs.get(reference, digest, { size, signal });
      return await blob.bytes(maximum);
    },
    close: () => Promise.resolve(),
  };
}

function fileReader(context: CommandContext, name: string, image: FileImage): ImageReader {
  const { reader } = image;
  const manifest = async (descriptor: Descriptor): Promise<PulledManifest> => {
    const found = await reader.manifest(descriptor.digest);
    if (found === undefined) throw notInFile(reader.path, descriptor.digest);
    const { bytes, digest, mediaType } = found;
    const manifest = parseManifest(bytes, { contentType: mediaType });
    return { digest, mediaType, size: bytes.length, bytes, manifest };
  };
  return {
    name,
    async root(): Promise<PulledManifest> {
      const descriptor = await reader.resolve(image.name);
      if (descriptor === undefined) throw notInFile(reader.path, image.name ?? "image");
      return await manifest(descriptor);
    },
    manifest,
    async blob(descriptor, maximum): Promise<Uint8Array> {
      const { clock, signal } = context;
      const blob = await reader.openBlob(descriptor);
      return await readCapped(blob.slice(0), {
        what: "config",
        maximum,
        origin: reader.path,
        clock,
        stallMs: 60_000,
        signal,
      });
    },
    close: () => image.close(),
  };
}

/** The error for an image or a part of one that is not in its file. */
export function notInFile(path: string, what: string): TidegateError<"CACHE_NOT_FOUND"> {
  return new TidegateError("CACHE_NOT_FOUND", `${path} has no ${what}`, { path, what });
}
