import { constants } from "node:fs";
import { type FileHandle, lstat, open, rm } from "node:fs/promises";
import { type Clock, type Hasher } from "../core/mod.ts";
import { createHasher } from "../hash/mod.ts";
import { digestAlgorithm } from "../reference/mod.ts";
import { errnoOf, ifThere, writeAll } from "./disk_node.ts";
import { hashFile } from "./hash_file_node.ts";
import {
  type HeldFile,
  heldPath,
  type Holder,
  isHeld,
  listHolders,
  takeFile,
} from "./held_file_node.ts";
import type { BlobKey } from "./layout.ts";

/** An unfinished blob that this process holds, hashed up to its end. */
export interface Partial {
  readonly held: HeldFile;
  readonly file: FileHandle;
  readonly hasher: Hasher;
  /** Bytes in it. */
  readonly size: number;
}

/** How one waits for another process. */
export interface WaitOptions {
  readonly clock: Clock;
  /** Without progress for so long, its blob is written beside it. */
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
}

const POLL_MS = 100;
/** Never through a link, whoever put it there. */
const NO_LINK: number = constants.O_NOFOLLOW ?? 0; // Windows has none
const CONTINUE: number = constants.O_RDWR | NO_LINK;
const CREATE: number = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_LINK;
/** The directories above are closed to others. */
const FILE_MODE = 0o644;

/** The name of an unfinished blob: `sha256-…`. */
export function partialName({ digest }: Pick<BlobKey, "digest">): string {
  return digest.replace(":", "-");
}

/**
 * Take the unfinished file of a blob, or begin one. Waits for a process that is writing it.
 *
 * @param isDone Asked while waiting: whether the blob is there by now.
 * @returns Undefined when it is.
 */
export async function takePartial(
  folder: string,
  blob: BlobKey,
  isDone: () => Promise<boolean>,
  { clock, stallMs, signal }: WaitOptions,
): Promise<Partial | undefined> {
  const name = partialName(blob);
  let seen = { progress: "", since: clock.now() };
  for (;;) {
    signal?.throwIfAborted();
    const taken = await takeFile(folder, name);
    // a writer renames its file when it is done, so the blob is looked for after the file
    if (await isDone()) return await dropTaken(taken);
    if (isHeld(taken)) return await continueFile(taken, blob, signal) ?? await create(folder, blob);
    if (taken === undefined) {
      const made = await createAlone(folder, blob);
      if (made !== undefined) return made;
    } else {
      const now = clock.now();
      if (taken.progress !== seen.progress) seen = { progress: taken.progress, since: now };
      const since = taken.isForeign ? Math.min(seen.since, taken.modifiedMs) : seen.since;
      if (now - since >= stallMs) return await writeBeside(taken, folder, blob, signal);
    }
    await clock.sleep(POLL_MS * (1 + Math.random()), signal);
  }
}

/** Give up a file that is not needed any more. */
export async function dropPartial({ file, held }: Pick<Partial, "file" | "held">): Promise<void> {
  await file.close();
  await rm(held.path, { force: true });
}

async function dropTaken(taken: HeldFile | Holder | undefined): Promise<undefined> {
  if (isHeld(taken)) await rm(taken.path, { force: true });
}

async function create(folder: string, { digest }: BlobKey): Promise<Partial> {
  const held = heldPath(folder, partialName({ digest }));
  const file = await open(held.path, CREATE, FILE_MODE);
  return { held, file, hasher: createHasher(digestAlgorithm(digest)), size: 0 };
}

/**
 * Begin a file although somebody holds one. A process of this machine still has its own; one of
 * another machine or container is gone, as a rule, and what it wrote is copied, in case it is not.
 */
async function writeBeside(
  holder: Holder,
  folder: string,
  blob: BlobKey,
  signal: AbortSignal | undefined,
): Promise<Partial> {
  const made = await create(folder, blob);
  const from = holder.isForeign ? await ifThere(() => openPlain(holder.path)) : undefined;
  if (from === undefined) return made;
  const { size } = await from.stat();
  const copied = Math.min(size, blob.size);
  try {
    const onPiece = (piece: Uint8Array, at: number): Promise<void> =>
      writeAll(made.file, piece, at);
    await hashFile(from, copied, made.hasher, { signal, onPiece });
    await rm(holder.path, { force: true });
    return { ...made, size: copied };
  } catch (error) {
    await dropPartial(made);
    throw error;
  } finally {
    await from.close();
  }
}

/** Begin a file, unless somebody else does so at the same time: then both wait and look again. */
async function createAlone(folder: string, blob: BlobKey): Promise<Partial | undefined> {
  const made = await create(folder, blob);
  const holders = await listHolders(folder, partialName(blob));
  if (holders.length === 1) return made;
  await dropPartial(made);
  return undefined;
}

/** Go on with what an earlier attempt left; undefined, and removed, where that cannot be a part of the blob. */
async function continueFile(
  held: HeldFile,
  blob: BlobKey,
  signal: AbortSignal | undefined,
): Promise<Partial | undefined> {
  const file = await openPlain(held.path);
  if (file === undefined) return undefined;
  const hasher = createHasher(digestAlgorithm(blob.digest));
  const { size, nlink, isFile } = await factsOf(file);
  // whoever links a file in here wants something else to be written to
  if (!isFile || nlink !== 1 || size > blob.size) {
    await dropPartial({ file, held });
    return undefined;
  }
  try {
    await hashFile(file, size, hasher, { signal, touch: true });
    return { held, file, hasher, size };
  } catch (error) {
    hasher.abort?.();
    await file.close();
    await held.release();
    throw error;
  }
}

async function factsOf(
  file: FileHandle,
): Promise<{ size: number; nlink: number; isFile: boolean }> {
  const found = await file.stat();
  return { size: found.size, nlink: found.nlink, isFile: found.isFile() };
}

/** Undefined, and removed, where it is a link. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  const isPlain = (await lstat(path)).isFile(); // opening a pipe would wait for its other end
  try {
    if (isPlain) return await open(path, CONTINUE);
  } catch (error) {
    if (errnoOf(error) !== "ELOOP") throw error;
  }
  await rm(path, { force: true, recursive: true });
  return undefined;
}
