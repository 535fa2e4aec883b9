import type { HashAlgorithm, Hasher, SavableHasher } from "../core/mod.ts";
import { type Digest, formatDigest } from "../reference/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { OpenableSource } from "./blob_source.ts";

/** A source whose every byte is hashed as it is read. One call at a time, but for `close`. */
export interface HashedSource {
  /** Bytes read so far. */
  readonly offset: number;
  /** The hash of them, to be saved; undefined where the hasher cannot. */
  state(): Uint8Array | undefined;
  /** The next bytes, at most so many, valid until the next call; undefined at the end. */
  take(maximum: number): Promise<Uint8Array | undefined>;
  /** How many bytes are at hand behind those that were read: 0 at the end. They are not taken. */
  peek(): Promise<number>;
  /** Stop reading: a call that waits fails. */
  close(): void;
  /**
   * Remember where it is, to {@linkcode restart} from here.
   * @returns False where the hasher can neither be copied nor saved.
   */
  mark(): boolean;
  /** Begin anew: from the mark, if that is not behind the offset, else from zero. */
  restart(latest?: number): void;
  /** The digest of all that was read. */
  digest(): Promise<Digest>;
}

/** What a hashed source is made of. */
export interface HashedSourceOptions {
  readonly source: OpenableSource;
  readonly algorithm: HashAlgorithm;
  readonly createHasher: (algorithm: HashAlgorithm) => Hasher;
  /** Where a former upload got to, and the hash up to there. Default is the start. */
  readonly from?: { readonly offset: number; readonly hasher: Hasher } | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Make one. Nothing is read yet. */
export function createHashedSource(
  { algorithm, createHasher, from, signal, source }: HashedSourceOptions,
): HashedSource {
  let hasher = from?.hasher ?? createHasher(algorithm);
  let offset = from?.offset ?? 0;
  let reader: ByteReader | undefined;
  let held: Uint8Array | undefined;
  let digest: Digest | undefined;
  let ended: Uint8Array | undefined; // the state of a hash whose digest was taken
  let marked: { readonly offset: number; readonly hasher: Hasher } | undefined;

  const state = (): Uint8Array | undefined =>
    "exportState" in hasher ? (hasher as SavableHasher).exportState() : undefined;

  /** Not waited for: it is the source's own affair, and may take for ever. */
  const close = (): void => void reader?.cancel().catch(() => {});

  async function peek(): Promise<number> {
    reader ??= await source.open(offset, signal);
    held ??= await reader.read();
    return held?.length ?? 0;
  }

  return {
    get offset(): number {
      return offset;
    },
    state: () => ended ?? state(),
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
    close,
    mark(): boolean {
      const copy = forkOf(hasher, createHasher);
      marked = copy && { offset, hasher: copy };
      return copy !== undefined;
    },
    restart(latest = 0): void {
      close();
      hasher.abort?.();
      const from = marked !== undefined && marked.offset <= latest ? marked : undefined;
      hasher = from && forkOf(from.hasher, createHasher) || createHasher(algorithm);
      reader =
        held =
        digest =
        ended =
          undefined;
      offset = from?.offset ?? 0;
    },
    async digest(): Promise<Digest> {
      if (digest !== undefined) return digest;
      ended = state();
      digest = formatDigest(algorithm, await hasher.digest());
      return digest;
    },
  };
}

function forkOf(
  hasher: Hasher,
  createHasher: HashedSourceOptions["createHasher"],
): Hasher | undefined {
  if (!("exportState" in hasher)) return hasher.fork?.();
  const copy = createHasher(hasher.algorithm) as SavableHasher;
  copy.importState((hasher as SavableHasher).exportState());
  return copy;
}
