import { type HashAlgorithm, type Hasher, TidegateError } from "../core/mod.ts";
import { type Digest, formatDigest } from "../reference/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { OpenableSource } from "./blob_source.ts";

/**
 * The bytes of a source that were read and hashed but are not acknowledged yet, in one buffer that
 * is used again and again. The hash is always that of the bytes up to the window's end.
 */
export interface UploadWindow<H extends Hasher = Hasher> {
  /** Offset of its first byte: so much is acknowledged. */
  readonly start: number;
  /** Bytes in it. */
  readonly length: number;
  /** Whether the source has no more after it. */
  readonly isLast: boolean;
  /** The hash of all up to its end. */
  readonly hasher: H;
  /** Its first bytes, at most so many. Valid until the next call that changes the window. */
  bytes(maximum: number): Uint8Array<ArrayBuffer>;
  /**
   * Read on until it holds `limit` bytes or the source ends.
   * @throws {TidegateError} BLOB_SIZE_MISMATCH as soon as the source turns out longer or shorter
   * than it should be; UPLOAD_FAILED when it cannot be read.
   */
  fill(limit: number): Promise<void>;
  /** Its first bytes have arrived. */
  drop(count: number): void;
  /**
   * Hash so many bytes that need not be sent. Only of an empty window.
   * @throws {TidegateError} UPLOAD_FAILED when the source ends before.
   */
  skip(count: number): Promise<void>;
  /**
   * Go to another offset, hashing the source anew up to there.
   * @throws {TidegateError} UPLOAD_FAILED when the source cannot be read again.
   */
  seek(offset: number): Promise<void>;
  /** The digest of the whole source, once it {@linkcode isLast}. */
  digest(): Promise<Digest>;
}

/** What a window is made of. */
export interface UploadWindowOptions<H extends Hasher = Hasher> {
  readonly source: OpenableSource;
  /** Size of the whole, when known. */
  readonly size: number | undefined;
  readonly algorithm: HashAlgorithm;
  readonly createHasher: (algorithm: HashAlgorithm) => H;
  /** Where a former upload got to, and the hash up to there. Default is the start. */
  readonly from?: { readonly offset: number; readonly hasher: H } | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Make one, empty. Nothing is read before `fill`. */
export function createUploadWindow<H extends Hasher>(
  options: UploadWindowOptions<H>,
): UploadWindow<H> {
  const { size } = options;
  const source = createHashedSource(options);
  let length = 0;
  let buffer = new Uint8Array(0);
  let isLast = false;

  /** Room for `limit` bytes, or for all that can come. What is in it stays. */
  function makeRoom(limit: number): number {
    const left = size === undefined ? Infinity : size - source.offset;
    const room = Math.min(limit, length + left);
    if (buffer.length < room) {
      const larger = new Uint8Array(room);
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    return room;
  }

  async function skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const chunk = await source.take(left);
      if (chunk === undefined) throw shorter();
      left -= chunk.length;
    }
  }

  return {
    get start(): number {
      return source.offset - length;
    },
    get length(): number {
      return length;
    },
    get isLast(): boolean {
      return isLast;
    },
    get hasher(): H {
      return source.hasher;
    },
    bytes: (maximum) => buffer.subarray(0, Math.min(length, maximum)),
    async fill(limit): Promise<void> {
      const room = makeRoom(limit);
      while (length < room && !isLast) {
        const chunk = await source.take(room - length);
        if (chunk === undefined) isLast = true;
        else buffer.set(chunk, length);
        length += chunk?.length ?? 0;
      }
      if (size === undefined || (!isLast && source.offset < size)) return;
      const beyond = await source.peek(); // one that goes on is not the one that was meant
      isLast = beyond === 0;
      if (source.offset + beyond !== size) throw wrongSize(size, source.offset + beyond);
    },
    drop(count): void {
      buffer.copyWithin(0, count, length);
      length -= count;
    },
    skip,
    async seek(offset): Promise<void> {
      await source.restart();
      isLast = false;
      length = 0;
      await skip(offset);
    },
    digest: () => source.digest(),
  };
}

/** A source whose every byte is hashed as it is read. */
interface HashedSource<H extends Hasher> {
  /** Bytes read so far. */
  readonly offset: number;
  readonly hasher: H;
  /** The next bytes, at most so many, valid until the next call; undefined at the end. */
  take(maximum: number): Promise<Uint8Array | undefined>;
  /** How many bytes are at hand behind those that were read: 0 at the end. They are not taken. */
  peek(): Promise<number>;
  /** Begin anew, from zero. */
  restart(): Promise<void>;
  digest(): Promise<Digest>;
}

function createHashedSource<H extends Hasher>(
  { algorithm, createHasher, from, signal, source }: UploadWindowOptions<H>,
): HashedSource<H> {
  let hasher = from?.hasher ?? createHasher(algorithm);
  let offset = from?.offset ?? 0;
  let reader: ByteReader | undefined;
  let held: Uint8Array | undefined;
  let digest: Digest | undefined;

  async function peek(): Promise<number> {
    reader ??= await source.open(offset, signal);
    held ??= await reader.read();
    return held?.length ?? 0;
  }

  return {
    get offset(): number {
      return offset;
    },
    get hasher(): H {
      return hasher;
    },
    async take(maximum): Promise<Uint8Array | undefined> {
      await peek();
      const chunk = held?.subarray(0, maximum);
      if (held === undefined || chunk === undefined) return undefined;
      held = chunk.length < held.length ? held.subarray(chunk.length) : undefined;
      await hasher.update(chunk);
      offset += chunk.length;
      return chunk;
    },
    peek,
    async restart(): Promise<void> {
      await reader?.cancel().catch(() => {});
      hasher.abort?.();
      hasher = createHasher(algorithm);
      reader = held = digest = undefined;
      offset = 0;
    },
    async digest(): Promise<Digest> {
      digest ??= formatDigest(algorithm, await hasher.digest());
      return digest;
    },
  };
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
