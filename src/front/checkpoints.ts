/**
 * Where hashes of uploads are kept besides in their addresses. When a caller never got the answer to
 * a chunk, the upstream is ahead of the address that the caller has; the hash up to there is here.
 *
 * Nothing depends on it: what is missing costs that the blob is read back before it is acknowledged.
 */
export interface CheckpointStore {
  /** Keep the state of an upload's hash at an offset, and drop all but the last few. */
  put(id: string, offset: number, state: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The state at exactly this offset, or undefined. */
  get(id: string, offset: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Forget an upload that has ended. */
  delete(id: string): Promise<void>;
}

/** How many states of one upload are kept: the caller's own, and those of tries it never heard of. */
export const CHECKPOINTS_PER_UPLOAD = 4;

/** One upload's states by offset, the oldest first. */
export type Checkpoints = ReadonlyMap<number, Uint8Array<ArrayBuffer>>;

/** Add a state, last, and drop the oldest ones. */
export function addCheckpoint(
  known: Checkpoints | undefined,
  offset: number,
  state: Uint8Array<ArrayBuffer>,
): Checkpoints {
  const others = [...known ?? []].filter(([at]) => at !== offset);
  return new Map([...others, [offset, state] as const].slice(-CHECKPOINTS_PER_UPLOAD));
}

const MOST_UPLOADS = 1000; // 4 states of 105 bytes each: half a megabyte

/** In memory: for one process. On Workers it helps only requests that meet in one isolate. */
export function memoryCheckpoints(): CheckpointStore {
  const uploads = new Map<string, Checkpoints>();
  return {
    async put(id, offset, state): Promise<void> {
      const checkpoints = addCheckpoint(uploads.get(id), offset, state);
      uploads.delete(id);
      uploads.set(id, checkpoints);
      const [oldest] = uploads.keys();
      if (uploads.size > MOST_UPLOADS && oldest !== undefined) uploads.delete(oldest);
    },
    get: async (id, offset) => uploads.get(id)?.get(offset),
    delete: async (id) => void uploads.delete(id),
  };
}
