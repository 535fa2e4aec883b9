import { writeSync } from "node:fs";
import { type FileHandle, open, readlink, realpath, stat } from "node:fs/promises";
import { constants } from "node:os";
import { dirname, resolve } from "node:path";
import { isTidegateError, TidegateError } from "../core/mod.ts";

/** What the codes of POSIX, and Deno's, say to people, with what helps. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room, then try again",
  EDQUOT: "the quota is used up: make room, then try again",
  EROFS: "the file system is read-only",
  EACCES: "this user has no right to it",
  EPERM: "this user has no right to it",
  EMFILE: "too many files are open",
  ENOTDIR: "a part of its path is no directory",
  EISDIR: "it is a directory",
  EFBIG: "the file system takes no file of this size",
  NotCapable: "Deno was not allowed to: see --allow-read and --allow-write",
};

/** The system's code of an error: `ENOENT`. Undefined where it has none. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** The disk's refusal as a typed error. What is typed already, or an abort, passes. */
export function diskError(path: string, cause: unknown): unknown {
  if (isTidegateError(cause)) return cause;
  const code = errnoOf(cause) ?? permissionName(cause) ?? numberedName(cause);
  if (code === undefined) return cause;
  const message = `${path} cannot be used: ${REASONS[code] ?? code}`;
  return new TidegateError("CACHE_IO", message, { path, reason: code }, { cause });
}

/** Deno's permissions are errors without a code. */
function permissionName(cause: unknown): string | undefined {
  const name = cause instanceof Error ? cause.name : "";
  return name === "NotCapable" || name === "PermissionDenied" ? name : undefined;
}

/** Some of Deno's errors have the system's number in their message alone. */
function numberedName(cause: unknown): string | undefined {
  const message = cause instanceof Error ? cause.message : "";
  const number = Number(/\(os error ([0-9]{1,5})\)$/.exec(message)?.[1]);
  return Object.entries(constants.errno).find(([, one]) => one === number)?.[0];
}

/**
 * Work on a file.
 * @throws {TidegateError} CACHE_IO for what the disk refuses.
 */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw diskError(path, cause);
  }
}

/** What `work` gives, or undefined where the file is not there. */
export async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * The file that a path leads to, there or not: what is put in its place must replace no link.
 * @throws {TidegateError} CACHE_IO for what is there and is no file.
 */
export async function fileBehind(path: string): Promise<string> {
  const found = await ifThere(() => stat(path));
  if (found?.isFile()) return await realpath(path);
  if (found !== undefined) {
    const reason = "it is no file";
    throw new TidegateError("CACHE_IO", `${path} cannot be used: ${reason}`, { path, reason });
  }
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? path : await fileBehind(resolve(dirname(path), link));
}

/** Write all bytes at a position: one call may take fewer. */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const left = bytes.length - done;
    const { bytesWritten } = await file.write(bytes, done, left, position + done);
    done += bytesWritten;
  }
}

/** Fewer bytes are copied to the system's cache faster than another thread takes over. */
const MANY_BYTES: number = 256 * 1024;

/** A write that took longer has waited for the disk: the others must not stand still with it. */
const SLOW_MS = 50;

/**
 * Writes all bytes at a position, on this thread if they are few: they are in its caches, where the
 * network has just left them. A pull takes a third less time on Deno, a fifth on Node and Bun. Once
 * the disk has been slow, another thread writes.
 */
export function warmWriter(
  file: FileHandle,
  now: () => number = () => performance.now(),
): (bytes: Uint8Array, position: number) => void | Promise<void> {
  let isSlow = false;
  return (bytes, position) => {
    if (isSlow || bytes.length >= MANY_BYTES) return writeAll(file, bytes, position);
    const startedAt = now();
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file.fd, bytes, done, bytes.length - done, position + done);
    }
    isSlow = now() - startedAt > SLOW_MS;
    return undefined;
  };
}

/** Make the entries of a directory last. Where directories cannot be opened, nothing can be done. */
export async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    await handle.sync();
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EIO" || code === "ENOSPC") throw error;
  } finally {
    await handle?.close();
  }
}
