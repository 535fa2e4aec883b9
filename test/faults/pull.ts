import { createRegistryClient } from "../../src/client/mod.ts";
import { type ErrorCode, type Fetch, isTidegateError } from "../../src/core/mod.ts";
import { fixedRandom } from "../support/transport.ts";
import { BLOB_SIZES, blobContent, type BlobName } from "./catalogue.ts";

/** What a client came home with. */
export interface Pulled {
  /** Whether it took the transfer for a success. */
  readonly complete: boolean;
  /** Whether all that it was shown is what was asked for, from the start. */
  readonly right: boolean;
  /** Bytes that it was shown. */
  readonly shown: number;
  /** Bytes that the answer promised, where it said. */
  readonly promised: number | undefined;
  /** The library's error; `untyped` for any other. */
  readonly code: ErrorCode | "untyped" | undefined;
}

/** What is pulled. */
export interface PullTask {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly repository: string;
  readonly digest: string;
  readonly blob: BlobName;
  readonly range?: { readonly start: number; readonly end?: number } | undefined;
  readonly size?: number | undefined;
  /** Give up after one try that brought nothing, as the door has made its own. */
  readonly once?: boolean | undefined;
  /** Default is the runtime's. */
  readonly fetch?: Fetch | undefined;
}

/** Neither waits for what is random, nor 30 s for a circuit that the case itself has opened. */
const PATIENT = { breaker: { failureThreshold: 1000 } };
const ONCE = { ...PATIENT, retry: { attempts: 1 } };

/** First byte and length of what was asked for. */
export function wantedPart({ blob, range }: Pick<PullTask, "blob" | "range">): {
  readonly start: number;
  readonly length: number;
} {
  const size = BLOB_SIZES[blob];
  const start = range?.start ?? 0;
  return { start, length: (range?.end ?? size - 1) + 1 - start };
}

/** Compares bytes as they come with those of the catalogue. */
export function createComparison(task: Pick<PullTask, "blob" | "range">): {
  add(chunk: Uint8Array): void;
  readonly shown: number;
  readonly right: boolean;
  /** All of it, and nothing else. */
  readonly whole: boolean;
} {
  const content = blobContent(task.blob);
  const { start, length } = wantedPart(task);
  let shown = 0;
  let right = true;
  return {
    add(chunk): void {
      const from = start + shown;
      shown += chunk.length;
      if (!right || shown > length) right = false;
      else right = isEqual(chunk, content.read(from, from + chunk.length));
    },
    get shown(): number {
      return shown;
    },
    get right(): boolean {
      return right;
    },
    get whole(): boolean {
      return right && shown === length;
    },
  };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return a.length === b.length;
}

/** Pull with the library, as a stream, comparing every byte that it hands out. Waits cost nothing. */
export async function pullWithLibrary(task: PullTask): Promise<Pulled> {
  const { address, repository, digest, range, size, once = false, fetch } = task;
  const client = createRegistryClient({
    random: fixedRandom(0),
    transport: once ? ONCE : PATIENT,
    fetch,
    ...(once && { resume: { idleAttempts: 1 } }),
  });
  const comparison = createComparison(task);
  let promised: number | undefined;
  try {
    const ref = { registry: address, repository };
    const blob = await client.blobs.get(ref, digest, { range, size });
    promised = blob.range === undefined ? blob.size : blob.range.end + 1 - blob.range.start;
    const reader = blob.stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      comparison.add(value);
    }
    await blob.verified;
  } catch (error) {
    const code = isTidegateError(error) ? error.code : "untyped";
    if (code === "untyped") console.error(error);
    return { complete: false, right: comparison.right, shown: comparison.shown, promised, code };
  }
  const { shown, whole } = comparison;
  return { complete: true, right: whole, shown, promised, code: undefined };
}
