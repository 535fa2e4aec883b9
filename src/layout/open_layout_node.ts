import { mkdir, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Clock, systemClock, TidegateError } from "../core/mod.ts";
import type { Digest } from "../reference/mod.ts";
import { collectGarbage } from "./collect_garbage_node.ts";
import { errnoOf, ifThere, onDisk } from "./disk_node.ts";
import { type BlobStore, createImageReader, type Located } from "./image_reader_node.ts";
import { assertLayout, initLayout, readIndex } from "./index_file_node.ts";
import { createIndexLock } from "./index_lock_node.ts";
import type { ImageLayout } from "./layout.ts";
import { createRoot, DIRECTORY_MODE, invalidLayout, type LayoutRoot } from "./root_node.ts";
import { createSession } from "./session_node.ts";
import { quarantine, verifyLayout } from "./verify_layout_node.ts";
import type { LayoutContext } from "./layout_context_node.ts";
import { hasBlob, openWriter, putManifest } from "./write_layout_node.ts";
import { tag, untag } from "./tag_layout_node.ts";

/** How a layout is opened. */
export interface OpenLayoutOptions {
  /** Make it where there is none, in mode 0700. Default is `true`. */
  readonly create?: boolean;
  /**
   * How long another process may write a blob without progress before it is written here too, in
   * milliseconds. Default is 30 s.
   */
  readonly stallMs?: number;
  /** Default is the runtime's. */
  readonly clock?: Clock;
}

const STALL_MS = 30_000;

/**
 * Open an OCI image layout: the cache, or any directory that another tool wrote. Several processes
 * may have it open, read and write it. Nothing is written until something is put in, except to make
 * a new one.
 *
 * @example What is in the cache
 * ```ts
 * import { openLayout } from "tidegate/layout";
 * const cache = await openLayout("./cache");
 * for (const { name, descriptor } of await cache.names()) console.log(name, descriptor.digest);
 * ```
 *
 * @param directory Links to it are followed once; none out of it is.
 * @throws {TidegateError} CACHE_NOT_FOUND when it is not there and not to be made; CACHE_INVALID when
 * it is no layout; CACHE_IO when the disk refuses.
 */
export async function openLayout(
  directory: string,
  options: OpenLayoutOptions = {},
): Promise<ImageLayout> {
  const { create = true, clock = systemClock, stallMs = STALL_MS } = options;
  const root = createRoot(await openDirectory(resolve(directory), create));
  const lock = createIndexLock(root, clock);
  if (create) await onDisk(root.directory, () => initLayout(root, lock));
  await assertLayout(root);
  const store: BlobStore = {
    path: root.directory,
    index: () => readIndex(root),
    locate: (digest) => locate(root, digest),
  };
  const session = createSession(root);
  return createLayout({ root, clock, stallMs, session, lock, store, isWriter: create });
}

async function openDirectory(path: string, create: boolean): Promise<string> {
  return await onDisk(path, async () => {
    if (create) await makeDirectory(path);
    const real = await ifThere(() => realpath(path));
    if (real === undefined) throw noDirectory(path);
    if (!(await stat(real)).isDirectory()) throw invalidLayout(path, "is no directory");
    return real;
  });
}

/** On a read-only disk Node says that there is no such directory: then step by step, for the reason. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: DIRECTORY_MODE });
  }
}

function noDirectory(path: string): TidegateError<"CACHE_NOT_FOUND"> {
  const details = { path, what: "directory" };
  return new TidegateError("CACHE_NOT_FOUND", `${path} does not exist`, details);
}

function createLayout(context: LayoutContext): ImageLayout {
  const { root, store, session } = context;
  const { resolve, referrers, names, manifest, openBlob } = createImageReader(store);
  const typed = <T>(work: () => Promise<T>): Promise<T> => onDisk(root.directory, work);
  return {
    ...{ path: root.directory, directory: root.directory },
    ...{ resolve, referrers, names, manifest, openBlob },
    hasBlob: (blob) => typed(() => hasBlob(context, blob)),
    blobWriter: (blob, { signal } = {}) => typed(() => openWriter(context, blob, signal)),
    putManifest: (manifest, name) => typed(() => putManifest(context, manifest, name)),
    tag: (name, descriptor, origin) => typed(() => tag(context, name, descriptor, origin)),
    untag: (name) => typed(() => untag(context, name)),
    gc: (options = {}) => typed(() => collectGarbage(context, options)),
    verify: (options = {}) => typed(() => verifyLayout(context, options)),
    quarantine: (digest) => typed(() => quarantine(root, digest)),
    close: () => typed(() => session.end()),
  };
}

async function locate(root: LayoutRoot, digest: Digest): Promise<Located | undefined> {
  const name = root.blobName(digest);
  const found = await root.find(name);
  return found && { path: found.path, start: 0, size: found.size, label: root.path(name) };
}
