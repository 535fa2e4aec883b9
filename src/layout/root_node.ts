import { lstat, mkdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { TidegateError } from "../core/mod.ts";
import { type Digest, digestAlgorithm, digestHex, parseDigest } from "../reference/mod.ts";
import { errnoOf, ifThere, onDisk } from "./disk_node.ts";

/** A file below a root. */
export interface FoundFile {
  /** Its real path: no link on the way. */
  readonly path: string;
  readonly size: number;
  /** Last change, in milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** A directory that nothing leads out of. */
export interface LayoutRoot {
  /** Its real path. */
  readonly directory: string;
  /** The path of something below it. The parts are the library's own names. */
  path(...parts: readonly string[]): string;
  /** Where a blob is, or would be, from the root on: `blobs/sha256/…`. */
  blobName(digest: Digest): string;
  /**
   * A file that is there.
   * @throws {TidegateError} CACHE_INVALID when a link leads outside, or it is no file; CACHE_IO.
   */
  find(...parts: readonly string[]): Promise<FoundFile | undefined>;
  /**
   * The path of a directory below, made with mode 0700 where it is missing.
   * @throws {TidegateError} CACHE_INVALID when a link leads outside; CACHE_IO.
   */
  folder(...parts: readonly string[]): Promise<string>;
}

/** Below the root, what is tidegate's own: unfinished blobs, locks, sessions. Other tools ignore it. */
export const PRIVATE = ".tidegate";

/** Directories belong to their user alone. */
export const DIRECTORY_MODE = 0o700;

/** The root at a real path. */
export function createRoot(directory: string): LayoutRoot {
  const path = (...parts: readonly string[]): string => join(directory, ...parts);
  return {
    directory,
    path,
    blobName: blobName,
    find: (...parts) => onDisk(path(...parts), () => find(directory, path(...parts))),
    folder: (...parts) => onDisk(path(...parts), () => folder(directory, parts)),
  };
}

/** The name is made of parts that were checked, whatever a caller without types passes. */
function blobName(digest: Digest): string {
  const checked = parseDigest(digest);
  return `blobs/${digestAlgorithm(checked)}/${digestHex(checked)}`;
}

async function find(root: string, path: string): Promise<FoundFile | undefined> {
  const real = await ifThere(() => realpath(path));
  if (real === undefined) return undefined;
  assertInside(root, real, path);
  const found = await ifThere(() => lstat(real));
  if (found === undefined) return undefined;
  if (!found.isFile()) throw invalidLayout(path, "is no file");
  return { path: real, size: found.size, modifiedMs: found.mtimeMs };
}

/** Step by step, for `mkdir` would follow a link out of the root. */
async function folder(root: string, parts: readonly string[]): Promise<string> {
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    if (await ifThere(() => lstat(path)) === undefined) await makeDirectory(path);
    assertInside(root, await realpath(path), path);
    if (!(await lstat(await realpath(path))).isDirectory()) {
      throw invalidLayout(path, "is no directory");
    }
  }
  return path;
}

/** Another process may be faster. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function assertInside(root: string, real: string, path: string): void {
  if (real.startsWith(root.endsWith(sep) ? root : root + sep)) return;
  throw invalidLayout(path, "is a link that leads out of the layout");
}

/** The error for a directory that is not what it should be. */
export function invalidLayout(
  path: string,
  reason: string,
  options?: ErrorOptions,
): TidegateError<"CACHE_INVALID"> {
  const message = `${path} ${reason}`;
  return new TidegateError("CACHE_INVALID", message, { path, reason }, options);
}
