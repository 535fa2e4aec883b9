import { excerpt } from "../core/mod.ts";
import { onDisk } from "./disk_node.ts";
import type { Located } from "./image_reader_node.ts";
import { readPart } from "./read_file_node.ts";
import { type ArchiveEntry, invalidArchive, safeName } from "./tar_entries_node.ts";

/** The files of an archive. */
export interface ArchiveFiles {
  /** Where the tar is. */
  readonly path: string;
  /** What errors call it. */
  readonly label: string;
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
}

/**
 * The file of a name, through at most one link, as `docker save` once wrote layers that images share.
 *
 * @throws {TidegateError} ARCHIVE_INVALID when it is not there, or its link leads out or to a link.
 */
export function fileOf(files: ArchiveFiles, name: string): Located {
  const { path, label, entries } = files;
  const entry = entries.get(simpleName(files, name));
  const file = entry?.type === "symlink" ? entries.get(targetOf(files, entry)) : entry;
  if (file?.type === "file") {
    return { path, start: file.start, size: file.size, label: `${label}: ${file.name}` };
  }
  const what = file === undefined ? "is not in it" : "is a link to a link";
  throw invalidArchive(label, `${excerpt(name)} ${what}`);
}

/**
 * All of a small file.
 * @throws {TidegateError} ARCHIVE_INVALID as {@linkcode fileOf}, and past `maximum` bytes.
 */
export async function readSmallFile(
  files: ArchiveFiles,
  name: string,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { path, start, size, label } = fileOf(files, name);
  if (size > maximum) {
    throw invalidArchive(files.label, `${excerpt(name)} is longer than ${maximum} bytes`);
  }
  const bytes = await onDisk(label, () => readPart(path, start, size));
  if (bytes === undefined) throw invalidArchive(files.label, "it became shorter");
  return bytes;
}

/** Where a link leads, from the archive's root. */
function targetOf(files: ArchiveFiles, { name, linkName }: ArchiveEntry): string {
  if (linkName.startsWith("/")) {
    throw invalidArchive(files.label, `${excerpt(name)} leads out of it`);
  }
  const parts = name.split("/").slice(0, -1);
  for (const part of linkName.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) {
        throw invalidArchive(files.label, `${excerpt(name)} leads out of it`);
      }
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function simpleName({ label }: ArchiveFiles, name: string): string {
  try {
    return safeName(name);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalidArchive(label, cause.message, { cause });
  }
}
