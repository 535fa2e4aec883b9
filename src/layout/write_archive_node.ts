import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { encodeUtf8 } from "../core/mod.ts";
import { type Descriptor, parsePlatform } from "../manifest/mod.ts";
import { type ArchiveImage, type ArchivePlan, blobFile, planArchive } from "./archive_plan.ts";
import { fileBehind, onDisk, syncDirectory, writeAll } from "./disk_node.ts";
import type { ArchiveFormat } from "./image_archive.ts";
import { LAYOUT_MARKER } from "./index_file_node.ts";
import type { LayoutReader } from "./layout.ts";
import { newOwnerName } from "./owner_node.ts";
import { createTarWriter } from "./tar_writer.ts";

/** How an archive is written. */
export interface WriteArchiveOptions {
  /**
   * `oci` is an OCI layout in a tar. `docker` is the same with what `docker load` and `podman load`
   * read: for it, of an index only one image is taken. Default is `oci`.
   */
  readonly format?: ArchiveFormat;
  /** Which image of an index a `docker` archive gets. Default is `linux/amd64`. */
  readonly platform?: string;
  /** Aborting it ends the writing with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a blob has been written. */
  readonly onBlob?: ((descriptor: Descriptor) => void) | undefined;
}

/**
 * Write images into a tar archive, in constant memory; digests stay as they are. A file appears when
 * it is whole, in mode 0600, in place of the file that was there or that a link led to; a stream is
 * closed, or aborted.
 *
 * @param source A layout, the cache, or another archive.
 * @param target The path of a file, or where the bytes go.
 * @throws {TidegateError} CACHE_NOT_FOUND before the first byte when something lacks; CACHE_CORRUPT;
 * CACHE_IO, also for a target that is no file; UNSUPPORTED for artifacts in a `docker` archive; PLATFORM_NOT_FOUND; INVALID_PLATFORM.
 */
export async function writeArchive(
  source: LayoutReader,
  images: readonly ArchiveImage[],
  target: string | WritableStream<Uint8Array>,
  options: WriteArchiveOptions = {},
): Promise<void> {
  const { format = "oci", platform } = options;
  const plan = await planArchive(source, images, {
    isDocker: format === "docker",
    platform: platform === undefined ? undefined : parsePlatform(platform),
  });
  const write = (sink: Sink): Promise<void> => writePlan(source, plan, sink, options);
  await (typeof target === "string"
    ? writeFile(resolve(target), write)
    : writeStream(target, write));
}

/** Takes bytes in order. */
type Sink = (chunk: Uint8Array) => Promise<void>;

async function writePlan(
  source: LayoutReader,
  { index, dockerManifest, blobs }: ArchivePlan,
  sink: Sink,
  { signal, onBlob }: WriteArchiveOptions,
): Promise<void> {
  const tar = createTarWriter(sink, signal);
  const small = async (name: string, bytes: Uint8Array): Promise<void> =>
    await tar.file(name, bytes.length, streamOf(bytes));
  await small("oci-layout", encodeUtf8(LAYOUT_MARKER));
  await small("index.json", index);
  if (dockerManifest !== undefined) await small("manifest.json", encodeUtf8(dockerManifest));
  const algorithms = new Set(blobs.map(({ digest }) => blobFile(digest).replace(/[^/]*$/, "")));
  for (const name of ["blobs/", ...algorithms]) await tar.directory(name);
  for (const blob of blobs) {
    signal?.throwIfAborted();
    const content = (await source.openBlob(blob)).slice(0);
    await tar.file(blobFile(blob.digest), blob.size, content);
    onBlob?.(blob);
  }
  await tar.end();
}

/** Beside its target first, so that nobody finds half of it. */
async function writeFile(target: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  await onDisk(target, async () => {
    const path = await fileBehind(target);
    const aside = join(dirname(path), `.${basename(path)}.${newOwnerName()}`);
    const file = await open(aside, "wx", 0o600);
    try {
      let position = 0;
      await write(async (chunk) => {
        await writeAll(file, chunk, position);
        position += chunk.length;
      });
      await file.sync();
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(aside, path);
    await syncDirectory(dirname(path));
  });
}

async function writeStream(
  target: WritableStream<Uint8Array>,
  write: (sink: Sink) => Promise<void>,
): Promise<void> {
  const writer = target.getWriter();
  try {
    await write(async (chunk) => {
      await writer.ready;
      await writer.write(chunk.slice()); // it may queue
    });
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {}); // it may be what failed
    throw error;
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
}
