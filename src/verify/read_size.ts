import { MAX_LOST_BYTES } from "../core/mod.ts";

/** A larger view costs workerd more than it saves: it allocates and copies all of it. */
const LARGEST_READ_BYTES: number = MAX_LOST_BYTES;
const SMALLEST_READ_BYTES = 64 * 1024;
/** What the views of all the live readers of an isolate may hold: 32 large ones. */
const READ_BUDGET_BYTES: number = 32 * LARGEST_READ_BYTES;
/** What the first read of a connection waits for. */
const FIRST_READ_BYTES = 16 * 1024;
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
 * The view of each read: large for few transfers, small where many share the memory. A power of two
 * or the body's own size, so that it seldom changes: a buffer left behind is garbage for a while.
 *
 * @param size Bytes of the whole body, when known.
 * @param load Transfers that share the memory.
 */
export function viewSize(size: number | undefined, load: number): number {
  let view = LARGEST_READ_BYTES;
  while (view > SMALLEST_READ_BYTES && view * load > READ_BUDGET_BYTES) view >>= 1;
  return size === undefined ? view : Math.min(view, Math.max(size, FIRST_READ_BYTES));
}

/** How much to wait for in one read of one connection. */
export interface ReadPace {
  /** The next read's size, for a view of `view` bytes. */
  next(view: number): ReadSize;
  /** A read gave `length` bytes after `milliseconds`. */
  done(length: number, milliseconds: number): void;
}

/**
 * Waits for no more than the connection has brought so far: one that breaks early still gets
 * further than the last, and none costs more than `MAX_LOST_BYTES`. After a read that took a quarter
 * of the stall deadline it waits for less, so that a slow link is no stalled one.
 *
 * @param stallMs The deadline of one read, in milliseconds.
 */
export function createReadPace(stallMs: number): ReadPace {
  let least = FIRST_READ_BYTES;
  return {
    next: (view) => ({ view, least: Math.min(least, view) }),
    done(length, milliseconds): void {
      if (milliseconds > stallMs / 4) least = Math.max(least >> 2, 1);
      else if (length >= least) least = Math.min(2 * least, LARGEST_READ_BYTES);
    },
  };
}
