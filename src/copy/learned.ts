import type { RegistryClient } from "../client/mod.ts";
import { abortable } from "../core/mod.ts";

/** What one client has seen of registries while this process runs: hints, never facts. */
export interface Learned {
  /** Repositories that had a blob, the one seen last first. */
  blobs(registry: string, digest: string): readonly string[];
  sawBlob(registry: string, repository: string, digest: string): void;
  /** Whether a manifest was put there, with all that it lists. */
  hasManifest(registry: string, repository: string, digest: string): boolean;
  sawManifest(registry: string, repository: string, digest: string): void;
  /** Do something while nobody else does it under the same key: see {@linkcode afterOthers}. */
  readonly flights: Map<string, Promise<unknown>>;
}

const MAX_DIGESTS = 20_000; // with its repositories one takes about 300 bytes
const MAX_REPOSITORIES = 4; // each is a request when a mount is tried

/** What is known by each client: rights are a client's, so what it saw is not another's to use. */
const memories = new WeakMap<RegistryClient, Learned>();

/** The memory of a client. */
export function learnedBy(client: RegistryClient): Learned {
  const known = memories.get(client) ?? createLearned();
  memories.set(client, known);
  return known;
}

function createLearned(): Learned {
  const blobs = new Map<string, readonly string[]>();
  const manifests = new Map<string, true>();
  return {
    flights: new Map(),
    blobs: (registry, digest) => blobs.get(`${registry}@${digest}`) ?? [],
    sawBlob(registry, repository, digest): void {
      const key = `${registry}@${digest}`;
      const others = (blobs.get(key) ?? []).filter((name) => name !== repository);
      keep(blobs, key, [repository, ...others].slice(0, MAX_REPOSITORIES));
    },
    hasManifest: (registry, repository, digest) =>
      manifests.has(`${registry}/${repository}@${digest}`),
    sawManifest(registry, repository, digest): void {
      keep(manifests, `${registry}/${repository}@${digest}`, true);
    },
  };
}

/** What was kept longest ago makes room. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_DIGESTS && oldest !== undefined) map.delete(oldest);
}

/**
 * Wait while somebody does the same, then do it: what he did is found then, and need not be done
 * again. If he fails, the next one takes his place.
 */
export async function afterOthers<T>(
  flights: Map<string, Promise<unknown>>,
  key: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let other = flights.get(key); other !== undefined; other = flights.get(key)) {
    const isDone = await abortable(other.then(() => true, () => false), signal);
    if (isDone) return await work();
  }
  signal.throwIfAborted();
  const mine = work();
  flights.set(key, mine);
  try {
    return await mine;
  } finally {
    flights.delete(key);
  }
}
