import type { FileHandle } from "node:fs/promises";
import { type Hasher, systemClock } from "../core/mod.ts";

/** What is hashed at once. Larger pieces are no faster. */
const READ_BYTES: number = 1024 * 1024;
/** Hashing is progress too: the file's time shows it to those who wait. */
const TOUCH_BYTES: number = 64 * READ_BYTES;

/** How a file is hashed. */
export interface HashFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the file's time tells others that we are at it. Default is `false`. */
  readonly touch?: boolean;
  /** Gets each piece too, with its place from the first byte on, and has done with it when it resolves. */
  readonly onPiece?: (piece: Uint8Array, at: number) => Promise<void>;
  /** Where the first byte is. Default is 0. */
  readonly start?: number;
}

/** Hash as many bytes of a file, in one buffer. */
export async function hashFile(
  file: FileHandle,
  size: number,
  hasher: Hasher,
  { signal, touch = false, start = 0, onPiece }: HashFileOptions,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(READ_BYTES, size));
  for (let at = 0; at < size;) {
    signal?.throwIfAborted();
    const most = Math.min(buffer.length, size - at);
    const { bytesRead } = await file.read(buffer, 0, most, start + at);
    if (bytesRead === 0) return; // it became shorter, and the digest will say so
    const piece = buffer.subarray(0, bytesRead);
    await Promise.all([hasher.update(piece), onPiece?.(piece, at)]);
    at += bytesRead;
    if (touch && at % TOUCH_BYTES < bytesRead) await setTime(file);
  }
}

/** Show that somebody is at it now. */
export async function setTime(file: FileHandle): Promise<void> {
  const now = new Date(systemClock.now());
  await file.utimes(now, now);
}
