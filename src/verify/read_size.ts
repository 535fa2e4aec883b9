import { MAX_LOST_BYTES } from "../core/mod.ts";

const LARGEST_READ_BYTES = 2 * 1024 * 1024;
const SMALLEST_READ_BYTES = 64 * 1024;
/** What all the live readers of an isolate may hold together. */
const READ_BUDGET_BYTES = 8 * 1024 * 1024;
/** A reader that has not read for so long is taken for dead: a killed request never says so. */
const FORGET_AFTER_MS = 60_000;

/** Times of the last reads, by reader. Values only: they may outlive the request that made them. */
const lastReads = new Map<number, number>();
let nextReader = 0;

/** How much one read asks for. */
export interface ReadSize {
  /** Length of the view that is filled, in bytes. */
  readonly view: number;
  /** Return as soon as there are so many bytes: what a broken connection may cost, at most. */
  readonly least: number;
}

/** One reader's entry in the count of live readers. */
export interface LiveReader {
  /** Say that it is still reading; forgets those that stopped without a word. */
  touch(nowMs: number): void;
  /** It reads no more. */
  leave(): void;
}

/** Count a reader among the live ones of this isolate. */
export function joinReaders(nowMs: number): LiveReader {
  const id = nextReader++;
  for (const [other, last] of lastReads) {
    if (nowMs - last > FORGET_AFTER_MS) lastReads.delete(other);
  }
  lastReads.set(id, nowMs);
  return {
    touch: (now) => void lastReads.set(id, now),
    leave: () => void lastReads.delete(id),
  };
}

/** How many readers are live in this isolate. */
export function countReaders(): number {
  return lastReads.size;
}

/**
 * Large reads for a single large body, small ones where many share the memory.
 *
 * @param left Bytes still to come, when known.
 * @param load Transfers that share the memory, 1 or more.
 */
export function readSize(left: number | undefined, load: number): ReadSize {
  const share = Math.floor(READ_BUDGET_BYTES / Math.max(load, 1));
  const wanted = Math.min(share, LARGEST_READ_BYTES, left ?? LARGEST_READ_BYTES);
  const view = Math.max(wanted, SMALLEST_READ_BYTES);
  return { view, least: Math.min(view / 2, MAX_LOST_BYTES) };
}
