import type { CopyDestination } from "./endpoint.ts";
import type { ArchiveDestination, ArchiveImageOptions } from "./archive_options.ts";

/**
 * A tar archive to copy an image to, in place of what is there. What arrives is kept beside it, in
 * `FILE.partial`, until all has: so blobs come in parallel, a broken copy goes on, and the archive
 * appears whole. To copy out of one, give what `openArchive` of `tidegate/layout` opens to
 * `fileImage`.
 *
 * @param file Its path.
 */
export function archiveImage(file: string, options: ArchiveImageOptions): CopyDestination {
  const { format = "oci", name } = options;
  let opened: Promise<ArchiveDestination> | undefined;
  // not every runtime has files
  const open = (): Promise<ArchiveDestination> =>
    opened ??= import("./archive_destination_node.ts").then(({ openArchiveDestination }) =>
      openArchiveDestination(file, options)
    );
  return {
    name: `${format}-archive:${file}:${name}`,
    acceptsSparse: true,
    resolve: () => Promise.resolve(undefined),
    hasManifest: () => Promise.resolve(false),
    putBlob: async (transfer) => await (await open()).image.putBlob(transfer),
    putManifest: async (...args) => await (await open()).putManifest(...args),
    close: async (options) => await (await open()).finish(options),
    abort: async () => await (await opened?.catch(() => undefined))?.leave(),
  };
}
