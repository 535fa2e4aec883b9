import { TidegateError } from "../core/mod.ts";
import type { Digest } from "../reference/mod.ts";
import {
  createHashedSource,
  type HashedSource,
  type HashedSourceOptions,
} from "./hashed_source.ts";

/**
 * The bytes of a source that were read but are not acknowledged yet, in buffers that are used again
 * and again. All that is read is hashed.
 */
export interface UploadWindow {
  /** Offset of its first byte: so much is acknowledged. */
  readonly start: number;
  /** Bytes in it. */
  readonly length: number;
  /** Whether the source has no more after it. */
  readonly isLast: boolean;
  /** Its first bytes, at most so many. Valid until the next call that changes the window. */
  bytes(maximum: number): Uint8Array<ArrayBuffer>;
  /**
   * Read on until it holds `limit` bytes or the source ends.
   * @throws {TidegateError} BLOB_SIZE_MISMATCH as soon as the source turns out longer or shorter
   * than it should be; UPLOAD_FAILED when it cannot be read.
   */
  fill(limit: number): Promise<void>;
  /**
   * Read the next bytes, at most so many, and forget them: only of an empty window. Valid until a few
   * more pieces were taken.
   * @throws {TidegateError} As `fill`.
   */
  take(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Remember the hash as it is, that `seek` need not begin at zero. Only of an empty window.
   * @returns False where the hasher can neither be copied nor saved.
   */
  mark(): boolean;
  /**
   * Begin to read what comes after it, at most so many bytes, while it is being sent. The next
   * `fill` takes them in, and tells of what went wrong.
   */
  readAhead(limit: number): void;
  /** Its first bytes have arrived. */
  drop(count: number): void;
  /**
   * Hash so many bytes that need not be sent. Only of an empty window.
   * @throws {TidegateError} UPLOAD_FAILED when the source ends before.
   */
  skip(count: number): Promise<void>;
  /**
   * Go to another offset, hashing the source anew up to there, from the mark if that is before. A
   * `fill` that nobody waits for any more fails.
   * @throws {TidegateError} UPLOAD_FAILED when the source cannot be read again.
   */
  seek(offset: number): Promise<void>;
  /** The hash up to its end, to be saved; undefined where the hasher cannot. */
  state(): Uint8Array | undefined;
  /** The digest of the whole source, once it {@linkcode isLast}. */
  digest(): Promise<Digest>;
}

/** What a window is made of. */
export interface UploadWindowOptions extends HashedSourceOptions {
  /** Size of the whole, when known. */
  readonly size: number | undefined;
}

/** So many that were taken lie still: what sends them holds one or two. */
const PIECES = 4;

/** Bytes in a buffer that may be longer. */
interface Part {
  buffer: Uint8Array<ArrayBuffer>;
  length: number;
}

/** What is read ahead. */
interface Ahead {
  /** The hash as it was before. */
  readonly state: Uint8Array | undefined;
  /** Never rejects. */
  readonly done: Promise<{ readonly isLast: boolean } | { readonly error: unknown }>;
}

/** Make one, empty. Nothing is read before `fill`. */
export function createUploadWindow(options: UploadWindowOptions): UploadWindow {
  const { size } = options;
  const source = createHashedSource(options);
  let start = source.offset;
  let [part, spare] = [emptyPart(), emptyPart()];
  let ahead: Ahead | undefined;
  let filling: Promise<unknown> | undefined; // never rejects
  const nextPiece = createRing(PIECES);
  let isLast = false;

  /** Take in what was read ahead. */
  async function join(): Promise<void> {
    if (ahead === undefined) return;
    const end = await ahead.done;
    ahead = undefined;
    if ("error" in end) throw end.error;
    if (part.length === 0) [part, spare] = [spare, part];
    else append(part, spare);
    spare.length = 0;
    isLast = end.isLast;
  }

  function fillInto(into: Part, limit: number): Promise<boolean> {
    const filled = fillPart(into, limit, source, size);
    filling = filled.catch(() => {});
    return filled;
  }

  async function skip(count: number): Promise<void> {
    await skipBytes(source, count);
    start += count;
  }

  return {
    get start(): number {
      return start;
    },
    get length(): number {
      return part.length;
    },
    get isLast(): boolean {
      return isLast;
    },
    bytes: (maximum) => part.buffer.subarray(0, Math.min(part.length, maximum)),
    async fill(limit): Promise<void> {
      await join();
      if (isLast) return;
      isLast = await fillInto(part, limit);
    },
    async take(limit): Promise<Uint8Array<ArrayBuffer>> {
      if (part.buffer.length > 0) [part, spare] = [emptyPart(), emptyPart()]; // no chunk is held now
      const piece = nextPiece();
      isLast = await fillInto(piece, limit);
      start += piece.length;
      return piece.buffer.subarray(0, piece.length);
    },
    mark: () => source.mark(),
    readAhead(limit): void {
      if (!isLast) ahead ??= fillAhead(spare, limit, source, size);
    },
    drop(count): void {
      part.buffer.copyWithin(0, count, part.length);
      part.length -= count;
      start += count;
    },
    skip,
    async seek(offset): Promise<void> {
      source.close();
      await Promise.all([ahead?.done, filling]);
      source.restart(offset);
      isLast = false;
      ahead = undefined;
      part.length = spare.length = 0;
      start = source.offset;
      await skip(offset - start);
    },
    state: () => ahead === undefined ? source.state() : ahead.state,
    digest: () => source.digest(),
  };
}

/** @returns Whether the source has ended. */
async function fillPart(
  into: Part,
  limit: number,
  source: HashedSource,
  size: number | undefined,
): Promise<boolean> {
  const left = size === undefined ? Infinity : size - source.offset;
  const room = Math.min(limit, into.length + left);
  makeRoom(into, room);
  while (into.length < room) {
    const chunk = await source.take(room - into.length);
    if (chunk === undefined) return await assertSize(source, size, true);
    into.buffer.set(chunk, into.length);
    into.length += chunk.length;
  }
  return await assertSize(source, size, false);
}

function fillAhead(
  into: Part,
  limit: number,
  source: HashedSource,
  size: number | undefined,
): Ahead {
  const state = source.state();
  const done = fillPart(into, limit, source, size).then(
    (isLast) => ({ isLast }),
    (error) => ({ error }),
  );
  return { state, done };
}

async function assertSize(
  source: HashedSource,
  size: number | undefined,
  hasEnded: boolean,
): Promise<boolean> {
  if (size === undefined || (!hasEnded && source.offset < size)) return hasEnded;
  const beyond = await source.peek(); // one that goes on is not the one that was meant
  if (source.offset + beyond !== size) throw wrongSize(size, source.offset + beyond);
  return beyond === 0;
}

async function skipBytes(source: HashedSource, count: number): Promise<void> {
  for (let left = count; left > 0;) {
    const chunk = await source.take(left);
    if (chunk === undefined) throw shorter();
    left -= chunk.length;
  }
}

function emptyPart(): Part {
  return { buffer: new Uint8Array(0), length: 0 };
}

/** So many parts, in turn and emptied. */
function createRing(count: number): () => Part {
  const parts = Array.from({ length: count }, emptyPart);
  let turn = 0;
  return () => Object.assign(parts[turn++ % count] as Part, { length: 0 });
}

/** What is in it stays. */
function makeRoom(part: Part, bytes: number): void {
  if (part.buffer.length >= bytes) return;
  const larger = new Uint8Array(bytes);
  larger.set(part.buffer.subarray(0, part.length));
  part.buffer = larger;
}

function append(part: Part, more: Part): void {
  makeRoom(part, part.length + more.length);
  part.buffer.set(more.buffer.subarray(0, more.length), part.length);
  part.length += more.length;
}

function wrongSize(expected: number, actual: number): TidegateError<"BLOB_SIZE_MISMATCH"> {
  const how = actual > expected ? `longer than the ${expected}` : `${actual} of ${expected}`;
  return new TidegateError("BLOB_SIZE_MISMATCH", `The source is ${how} bytes`, {
    expected,
    actual,
  });
}

function shorter(): TidegateError<"UPLOAD_FAILED"> {
  const reason = "the source is shorter than what was sent of it";
  return new TidegateError("UPLOAD_FAILED", `The upload failed: ${reason}`, { reason });
}
