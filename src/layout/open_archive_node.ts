import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { excerpt, MAX_LAYOUT_INDEX_BYTES, TidegateError } from "../core/mod.ts";
import { type ArchiveFiles, readSmallFile } from "./archive_files_node.ts";
import { ifThere, onDisk } from "./disk_node.ts";
import { readDockerArchive } from "./docker_archive_node.ts";
import type { ImageArchive, OpenArchiveOptions } from "./image_archive.ts";
import { type BlobStore, createImageReader, type Located } from "./image_reader_node.ts";
import { type LayoutIndex, parseLayoutIndex } from "./layout_index.ts";
import { spoolArchive, type Spooled } from "./spool_archive_node.ts";
import { invalidArchive, readTarEntries } from "./tar_entries_node.ts";

/**
 * Open an archive of images: an OCI layout in a tar, or what `docker save` writes. A file is read in
 * place, by its headers, however large it is. A stream, and an archive in gzip, is first written aside.
 *
 * @example Images in a tar
 * ```ts
 * import { openArchive } from "tidegate/layout";
 * const archive = await openArchive("images.tar");
 * for (const { name, descriptor } of await archive.names()) console.log(name, descriptor.digest);
 * await archive.close();
 * ```
 *
 * @param source The path of a file, or its bytes.
 * @throws {TidegateError} CACHE_NOT_FOUND when there is no such file; ARCHIVE_INVALID when it is no
 * such archive, or holds what could lead out of it; CACHE_IO; LIMIT_EXCEEDED past `maximumBytes`.
 */
export async function openArchive(
  source: string | ReadableStream<Uint8Array>,
  options: OpenArchiveOptions = {},
): Promise<ImageArchive> {
  const label = typeof source === "string" ? resolve(source) : "the stream";
  const input = typeof source === "string" ? await findFile(label) : source;
  const spooled = await spoolArchive(input, label, options);
  try {
    return await readArchive(spooled, label);
  } catch (error) {
    await spooled.remove();
    throw error;
  }
}

async function findFile(path: string): Promise<string> {
  return await onDisk(path, async () => {
    const real = await ifThere(() => realpath(path));
    if (real === undefined) {
      const details = { path, what: "file" };
      throw new TidegateError("CACHE_NOT_FOUND", `${path} does not exist`, details);
    }
    if (!(await stat(real)).isFile()) throw invalidArchive(path, "it is no file");
    return real;
  });
}

async function readArchive({ path, remove }: Spooled, label: string): Promise<ImageArchive> {
  const entries = await onDisk(label, () => readTarEntries(path));
  const files = { path, label, entries };
  const isOci = entries.has("oci-layout") && entries.has("index.json");
  if (!isOci && !entries.has("manifest.json")) {
    throw invalidArchive(label, "it has neither index.json with oci-layout nor manifest.json");
  }
  const store = isOci ? await ociStore(files) : await readDockerArchive(files);
  return { ...createImageReader(store), format: isOci ? "oci" : "docker", close: remove };
}

/** @throws {TidegateError} ARCHIVE_INVALID when its index is none. */
async function ociStore(files: ArchiveFiles): Promise<BlobStore> {
  const { path, label, entries } = files;
  const index = await readOciIndex(files);
  return {
    path: label,
    index: () => Promise.resolve(index),
    locate(digest): Promise<Located | undefined> {
      const name = `blobs/${digest.replace(":", "/")}`;
      const entry = entries.get(name);
      if (entry?.type === "symlink") throw invalidArchive(label, `${name} is a link`);
      return Promise.resolve(
        entry && { path, start: entry.start, size: entry.size, label: `${label}: ${name}` },
      );
    },
  };
}

async function readOciIndex(files: ArchiveFiles): Promise<LayoutIndex> {
  const text = await readSmallFile(files, "index.json", MAX_LAYOUT_INDEX_BYTES);
  try {
    return parseLayoutIndex(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalidArchive(files.label, `index.json ${excerpt(cause.message)}`, { cause });
  }
}
