/** How many requests one host gets at once: uploads, and as many of all others. */
export interface SlotLimits {
  /** Slots that any request may take. */
  readonly concurrency: number;
  /** Further slots that only small requests may take. */
  readonly smallReserve: number;
}

/** Gives a slot back. Calling it again does nothing. */
export type ReleaseSlot = () => void;

/** A counted pool of slots with a queue: small requests first, else in order of arrival. */
export interface Slots {
  /** Slots taken now. */
  readonly held: number;
  /** Requests waiting now. */
  readonly waiting: number;
  /**
   * Take a slot now or when one is free.
   *
   * @param grant Called once with the slot, at once if one is free.
   * @returns Leaves the queue; does nothing once granted.
   */
  request(isSmall: boolean, grant: (release: ReleaseSlot) => void): () => void;
}

/** A pool of free slots. */
export function createSlots({ concurrency, smallReserve }: SlotLimits): Slots {
  let held = 0;
  const small = new Set<() => void>();
  const large = new Set<() => void>();
  const fits = (isSmall: boolean): boolean => held < concurrency + (isSmall ? smallReserve : 0);

  function issue(): ReleaseSlot {
    held++;
    let isMine = true;
    return () => {
      if (!isMine) return;
      isMine = false;
      held--;
      serve();
    };
  }

  function serve(): void {
    const isSmall = small.size > 0;
    const queue = isSmall ? small : large;
    const [first] = queue;
    if (first === undefined || !fits(isSmall)) return;
    queue.delete(first);
    first();
  }

  return {
    get held(): number {
      return held;
    },
    get waiting(): number {
      return small.size + large.size;
    },
    request(isSmall, grant): () => void {
      const queue = isSmall ? small : large;
      const turn = (): void => grant(issue());
      if (queue.size === 0 && fits(isSmall)) turn();
      else queue.add(turn);
      return () => queue.delete(turn);
    },
  };
}
