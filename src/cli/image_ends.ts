import {
  archiveImage,
  type ArchiveImageOptions,
  type CopyDestination,
  type CopySource,
  fileImage,
  layoutImage,
  registryImage,
} from "../copy/mod.ts";
import { openLayout } from "../layout/mod.ts";
import { formatReference } from "../reference/mod.ts";
import { cacheDirectory } from "./cache.ts";
import type { CommandContext } from "./command.ts";
import { type CopyWords, formatCopyWords } from "./copy_words.ts";
import type { ImageArgument } from "./image_argument.ts";
import type { OpenedClient } from "./open_client.ts";
import { openFileImage } from "./open_reader.ts";
import { uploadRecords } from "./upload_store.ts";
import { UsageError } from "./usage_error.ts";

type FileArgument = Exclude<ImageArgument, { readonly reference: unknown }>;

/** Opens what images are copied from and to. */
export interface ImageEnds {
  source(image: ImageArgument): Promise<CopySource>;
  /** @param source What is copied there, and how: for who resumes it. */
  destination(
    image: ImageArgument,
    source: CopySource,
    options: CopyWords,
  ): Promise<CopyDestination>;
  /** Leave what was opened. */
  close(): Promise<void>;
}

/** Ends for one command, all registries by one client, so that blobs are mounted between them. */
export function imageEnds(context: CommandContext, client: OpenedClient): ImageEnds {
  const { clock } = context;
  const opened: { close(): Promise<void> }[] = [];
  const writeLayout = async (
    directory: string,
    name: string,
    isCache: boolean,
  ): Promise<CopyDestination> => {
    const layout = await openLayout(directory, { clock });
    opened.push(layout);
    return layoutImage(layout, name, { isCache });
  };
  return {
    async source(image): Promise<CopySource> {
      if (image.kind === "registry") return registryImage(client.registry, image.reference);
      const { close, name, reader } = await openFileImage(context, image);
      opened.push({ close });
      return fileImage(reader, name, { scheme: image.kind === "cache" ? "oci" : image.kind });
    },
    async destination(image, source, options): Promise<CopyDestination> {
      switch (image.kind) {
        case "registry":
          return registryImage(client.registry, image.reference, {
            records: uploadRecords(context, formatCopyWords(source.name, options)),
            chunkBytes: client.settings.chunkBytes,
          });
        case "cache":
          return await writeLayout(cacheDirectory(context), formatReference(image.reference), true);
        case "oci":
          return await writeLayout(image.path, nameOf(image), false);
        default:
          return archiveImage(image.path, archiveOptions(image, options));
      }
    },
    close: async () => void await Promise.allSettled(opened.map((one) => one.close())),
  };
}

/** In a `docker` archive there is one platform; without a word, linux/amd64. */
function archiveOptions(image: FileArgument, { platforms = [] }: CopyWords): ArchiveImageOptions {
  const [platform] = platforms;
  return {
    name: nameOf(image),
    format: image.kind === "docker-archive" ? "docker" : "oci",
    ...(typeof platform === "string" && { platform }),
  };
}

function nameOf(
  { kind, name, path }: FileArgument,
): string {
  if (name !== undefined) return name;
  throw new UsageError(`What is written needs a name: ${kind}:${path}:NAME`);
}
