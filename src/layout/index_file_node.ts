import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeUtf8,
  excerpt,
  type Json,
  MAX_LAYOUT_INDEX_BYTES,
  parseJson,
  TidegateError,
} from "../core/mod.ts";
import { onDisk, syncDirectory, writeAll } from "./disk_node.ts";
import {
  EMPTY_INDEX,
  formatLayoutIndex,
  type LayoutIndex,
  parseLayoutIndex,
} from "./layout_index.ts";
import type { IndexLock } from "./index_lock_node.ts";
import { newOwnerName } from "./owner_node.ts";
import { readFrom } from "./read_file_node.ts";
import { invalidLayout, type LayoutRoot, PRIVATE } from "./root_node.ts";

const INDEX = "index.json";
const MARKER = "oci-layout";
/** What the file `oci-layout` holds. */
export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}\n';
const MAX_MARKER_BYTES = 4096; // it has one field

/**
 * The index of a layout, as it is now.
 * @throws {TidegateError} CACHE_INVALID naming the file; CACHE_IO.
 */
export async function readIndex(root: LayoutRoot): Promise<LayoutIndex> {
  const text = await readSmall(root, INDEX, MAX_LAYOUT_INDEX_BYTES);
  if (text === undefined) throw invalidLayout(root.path(INDEX), "is missing");
  try {
    return parseLayoutIndex(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const reason = `is no image index: ${excerpt(cause.message)}`;
    throw invalidLayout(root.path(INDEX), reason, { cause });
  }
}

/** Replace the index. Blobs that it may name are made to last first. The caller holds the lock. */
export async function writeIndex(root: LayoutRoot, index: LayoutIndex): Promise<void> {
  const bytes = formatLayoutIndex(index);
  for (const algorithm of ["sha256", "sha512"]) {
    await syncDirectory(root.path("blobs", algorithm));
  }
  await replaceFile(root, INDEX, bytes);
}

/**
 * Refuse a directory that is no layout of a version that we know.
 * @throws {TidegateError} CACHE_NOT_FOUND when there is no `oci-layout` file; CACHE_INVALID.
 */
export async function assertLayout(root: LayoutRoot): Promise<void> {
  const bytes = await readSmall(root, MARKER, MAX_MARKER_BYTES);
  if (bytes === undefined) {
    const path = root.directory;
    const details = { path, what: `file ${MARKER}` };
    throw new TidegateError("CACHE_NOT_FOUND", `${path} is no image layout`, details);
  }
  const version = readVersion(bytes);
  if (/^1\.[0-9]+\.[0-9]+$/.test(version)) return;
  throw invalidLayout(
    root.path(MARKER),
    `has no version 1 of the layout, but "${excerpt(version, 64)}"`,
  );
}

/**
 * Make the directory a layout, unless it is one.
 * @throws {TidegateError} CACHE_INVALID when it holds other things; CACHE_IO.
 */
export async function initLayout(root: LayoutRoot, lock: IndexLock): Promise<void> {
  if (await root.find(MARKER) !== undefined) return;
  const others = await onDisk(root.directory, () => readdir(root.directory));
  const strange = others.find((name) => ![PRIVATE, "blobs", INDEX, MARKER].includes(name));
  if (strange !== undefined) {
    throw invalidLayout(
      root.directory,
      `is no image layout, and not empty: it has ${excerpt(strange)}`,
    );
  }
  await lock(async () => {
    await root.folder("blobs", "sha256");
    if (await root.find(INDEX) === undefined) await writeIndex(root, EMPTY_INDEX);
    await replaceFile(root, MARKER, encodeUtf8(LAYOUT_MARKER)); // last: it says that all is there
  });
}

/** Write a file aside, make it last, and put it in place in one step. */
export async function replaceFile(
  root: LayoutRoot,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const path = root.path(name);
  await onDisk(path, async () => {
    const aside = join(await root.folder(PRIVATE, "partial"), `file.${newOwnerName()}`);
    try {
      await writeSynced(aside, bytes);
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
    await syncDirectory(root.directory);
  });
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await writeAll(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readSmall(
  root: LayoutRoot,
  name: string,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const found = await root.find(name);
  if (found === undefined) return undefined;
  return await onDisk(found.path, () => readWhole(found.path, maximum));
}

/** Its size is that of the file that is read: another process may put a new one in its place. */
async function readWhole(
  path: string,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > maximum) throw invalidLayout(path, `is longer than ${maximum} bytes`);
    return await readFrom(file, 0, size);
  } finally {
    await file.close();
  }
}

function readVersion(bytes: Uint8Array): string {
  try {
    const marker = Object(parseJson(bytes)) as { readonly imageLayoutVersion?: Json };
    return String(marker.imageLayoutVersion);
  } catch (error) {
    if (error instanceof SyntaxError) return "no JSON";
    throw error;
  }
}
