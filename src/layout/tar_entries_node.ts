import { type FileHandle, open } from "node:fs/promises";
import { decodeUtf8, excerpt, TidegateError } from "../core/mod.ts";
import {
  MAX_EXTENSION_BYTES,
  paddingOf,
  parsePax,
  parseTarHeader,
  type PaxFields,
  TAR_BLOCK_BYTES,
  type TarHeader,
} from "./tar_header.ts";

/** A file in an archive. */
export interface ArchiveEntry {
  /** Without a leading `./`; never absolute, never with `..`. */
  readonly name: string;
  readonly type: "file" | "symlink";
  /** Where its bytes begin in the archive. */
  readonly start: number;
  readonly size: number;
  /** Where a symbolic link leads, seen from its own directory. */
  readonly linkName: string;
}

/** Images have tens of entries, `docker save` of hundreds of images some ten thousand. */
const MAX_ENTRIES = 100_000;

/**
 * The files of an archive by name, read from their headers alone: contents are skipped, so this is
 * as fast for an archive of 100 GiB. Of two with one name the last counts, as it does for tar.
 *
 * @throws {TidegateError} ARCHIVE_INVALID for what is no tar, is cut short, or holds what could lead
 * out of it when it is unpacked: absolute names, `..`, hard links, devices.
 */
export async function readTarEntries(path: string): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return await scan(file, size);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalidArchive(path, excerpt(cause.message), { cause });
  } finally {
    await file.close();
  }
}

/** The error for a file that is no archive of images. */
export function invalidArchive(
  path: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError<"ARCHIVE_INVALID"> {
  const message = `${path} is no archive of images: ${reason}`;
  return new TidegateError("ARCHIVE_INVALID", message, { path, reason }, options);
}

async function scan(
  file: FileHandle,
  length: number,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const entries = new Map<string, ArchiveEntry>();
  let extended: PaxFields = {};
  for (let at = 0, count = 0; at < length; count++) {
    if (count > MAX_ENTRIES) throw new SyntaxError(`it has over ${MAX_ENTRIES} entries`);
    const header = parseTarHeader(await readAt(file, at, TAR_BLOCK_BYTES));
    if (header === undefined) break;
    const start = at + TAR_BLOCK_BYTES;
    const size = header.type === "file" ? extended.size ?? header.size : header.size;
    if (start + size > length) throw new SyntaxError("it is cut short");
    at = start + size + paddingOf(size);
    if (isExtension(header)) {
      extended = { ...extended, ...await readExtension(file, header, start) };
      continue;
    }
    const entry = entryOf({ ...header, size }, extended, start);
    extended = {};
    if (entry !== undefined) entries.set(entry.name, entry);
  }
  return entries;
}

function isExtension({ type }: TarHeader): boolean {
  return ["pax", "global", "longName", "longLink"].includes(type);
}

/** What an extension says of the next entry. A global one is for comments. */
async function readExtension(
  file: FileHandle,
  { type, size }: TarHeader,
  start: number,
): Promise<PaxFields> {
  if (size > MAX_EXTENSION_BYTES) throw new SyntaxError("a name is too long");
  const bytes = await readAt(file, start, size);
  if (type === "pax") return parsePax(bytes);
  if (type === "global") {
    if (Object.keys(parsePax(bytes)).length === 0) return {};
    throw new SyntaxError("it gives all entries one name or size");
  }
  const text = longText(bytes);
  return type === "longName" ? { path: text } : { linkpath: text };
}

function longText(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes).replace(/\0.*$/s, "");
  } catch (cause) {
    throw new SyntaxError("a name is not UTF-8", { cause });
  }
}

/** Undefined for directories, which have nothing in them. */
function entryOf(
  header: TarHeader,
  { path = header.name, linkpath = header.linkName }: PaxFields,
  start: number,
): ArchiveEntry | undefined {
  const name = safeName(path);
  const { type, size } = header;
  if (type === "directory") return undefined;
  if (type !== "file" && type !== "symlink") {
    const what = type === "hardlink" ? "a hard link" : "neither file, directory nor link";
    throw new SyntaxError(`${excerpt(path)} is ${what}`);
  }
  return { name, type, start, size, linkName: linkpath };
}

/**
 * A name from the archive's root, in its simplest form.
 * @throws {SyntaxError} When it leads, or could lead, out of it.
 */
export function safeName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..") || /[\\\0]|^[A-Za-z]:/.test(path)) {
    throw new SyntaxError(`${excerpt(path)} leads out of it`);
  }
  return parts.join("/");
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new SyntaxError("it is cut short");
    done += bytesRead;
  }
  return bytes;
}
