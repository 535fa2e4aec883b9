/** Blobs that a run has brought, or found: for it they are there, and it need not ask again. */
export interface SeenBlobs {
  has(registry: string, repository: string, digest: string): boolean;
  add(registry: string, repository: string, digest: string): void;
}

const MAX_SEEN = 50_000; // some 200 bytes each

/** None at first. What was seen longest ago makes room: to ask again is the worst of it. */
export function createSeenBlobs(): SeenBlobs {
  const seen = new Set<string>();
  const keyOf = (...names: readonly string[]): string => names.join(" ");
  return {
    has: (...names) => seen.has(keyOf(...names)),
    add(...names): void {
      seen.add(keyOf(...names));
      const [oldest] = seen;
      if (seen.size > MAX_SEEN && oldest !== undefined) seen.delete(oldest);
    },
  };
}
