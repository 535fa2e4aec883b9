/**
 * Where uploads are kept besides in their addresses, as their addresses have them: sealed. When a
 * caller never got the answer to a chunk, the upstream is ahead of the address that the caller has; how
 * to go on from there, and the hash up to there, is here.
 *
 * Nothing depends on it: what is missing costs that the blob is read back before it is acknowledged,
 * or that its upload begins anew.
 */
export interface CheckpointStore {
  /** Keep an upload as it is at an offset, and drop all but the last few. */
  put(id: string, offset: number, sealed: string): Promise<void>;
  /** What was kept of an upload. */
  get(id: string): Promise<Checkpoints>;
  /** Forget an upload that has ended. */
  delete(id: string): Promise<void>;
}

/** One upload, sealed, by its offset; the newest last. */
export type Checkpoints = ReadonlyMap<number, string>;

/** How many are kept of one upload: the caller's own, and those of tries it never heard of. */
export const CHECKPOINTS_PER_UPLOAD = 4;

/** Add one, last, and drop the oldest. */
export function addCheckpoint(known: Checkpoints, offset: number, sealed: string): Checkpoints {
  const others = [...known].filter(([at]) => at !== offset);
  return new Map([...others, [offset, sealed] as const].slice(-CHECKPOINTS_PER_UPLOAD));
}

const MOST_UPLOADS = 1000; // of 4 times about 1 KiB each: 4 MiB
const NONE: Checkpoints = new Map();

/** In memory: for one process. On Workers it helps only requests that meet in one isolate. */
export function memoryCheckpoints(): CheckpointStore {
  const uploads = new Map<string, Checkpoints>();
  return {
    async put(id, offset, sealed): Promise<void> {
      const checkpoints = addCheckpoint(uploads.get(id) ?? NONE, offset, sealed);
      uploads.delete(id);
      uploads.set(id, checkpoints);
      const [oldest] = uploads.keys();
      if (uploads.size > MOST_UPLOADS && oldest !== undefined) uploads.delete(oldest);
    },
    get: async (id) => uploads.get(id) ?? NONE,
    delete: async (id) => void uploads.delete(id),
  };
}
