import type { CallOptions } from "../client/mod.ts";
import { type Clock, isTidegateError } from "../core/mod.ts";
import type { Reference } from "../reference/mod.ts";
import { LONGEST_PULL_WAIT_MS, type PullLimits } from "./pull_limits.ts";

/** How images are pulled one after the other. */
export interface PullBatchOptions<T> extends CallOptions {
  /** What a pull is. Default gets the manifest, which is what counts. */
  readonly pull?: ((ref: Reference, options: CallOptions) => Promise<T>) | undefined;
  /**
   * Longest wait for the end of a window, in milliseconds. An image that would have to wait longer
   * is reported with PULL_LIMIT_EXCEEDED, at once. Default is 5 minutes; 30 minutes is the most.
   */
  readonly waitMs?: number | undefined;
  /** Told before each wait. Must not throw. */
  readonly onWait?: ((ref: Reference, milliseconds: number) => void) | undefined;
}

/** What became of one image. */
export type PullResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** One image of a batch. */
export interface BatchPull<T> {
  readonly image: Reference;
  readonly result: PullResult<T>;
  /** Pulls left after it; `undefined` for no limit. */
  readonly rateLimitRemaining: number | undefined;
}

/** What a batch works with. */
export interface PullBatchContext {
  readonly limits: PullLimits;
  readonly clock: Clock;
  /** Ask how many pulls are left, at no cost. */
  readonly refresh: (ref: Reference, options: CallOptions) => Promise<unknown>;
}

const BATCH_WAIT_MS: number = 5 * 60_000;
const MAX_WAITS = 3; // for one image: somebody else may take the first pulls of a window

/**
 * Pull images one after the other within the limit: each waits for the end of the window if that is
 * near, and is reported otherwise. What fails for one image does not end the batch.
 *
 * @throws The signal's reason.
 * @throws {TypeError} If `waitMs` is not between 0 and 30 minutes.
 */
export async function* pullBatch<T>(
  context: PullBatchContext,
  images: Iterable<Reference> | AsyncIterable<Reference>,
  pull: (ref: Reference, options: CallOptions) => Promise<T>,
  options: PullBatchOptions<T> = {},
): AsyncGenerator<BatchPull<T>, void> {
  const { limits, refresh } = context;
  const { signal } = options;
  assertWait(options.waitMs ?? BATCH_WAIT_MS);
  for await (const image of images) {
    signal?.throwIfAborted();
    // HEAD is free; what it fails with, the pull will tell
    if (!limits.isKnown()) await refresh(image, { signal }).catch(() => {});
    const result = await pullOne(context, image, pull, options);
    signal?.throwIfAborted();
    yield { image, result, rateLimitRemaining: limits.status().remaining };
  }
}

/** @throws {TypeError} Unless it is a wait that may be begun. */
export function assertWait(waitMs: number): void {
  if (waitMs >= 0 && waitMs <= LONGEST_PULL_WAIT_MS) return;
  throw new TypeError(`waitMs must be between 0 and ${LONGEST_PULL_WAIT_MS}`);
}

async function pullOne<T>(
  { clock }: PullBatchContext,
  image: Reference,
  pull: (ref: Reference, options: CallOptions) => Promise<T>,
  { waitMs = BATCH_WAIT_MS, onWait, signal }: PullBatchOptions<T>,
): Promise<PullResult<T>> {
  for (let waits = 0;; waits++) {
    try {
      return { ok: true, value: await pull(image, { signal }) };
    } catch (error) {
      const wait = waitFor(error, clock.now());
      if (wait === undefined || wait > waitMs || waits === MAX_WAITS) return { ok: false, error };
      onWait?.(image, wait);
      await clock.sleep(wait, signal);
    }
  }
}

/** How long until the pull may succeed, where it failed for the limit and that is known. */
function waitFor(error: unknown, now: number): number | undefined {
  const isLimit = isTidegateError(error, "PULL_LIMIT_EXCEEDED") ||
    isTidegateError(error, "RATE_LIMITED");
  const resetAt = isLimit ? error.details.resetAt : undefined;
  return resetAt === undefined ? undefined : Math.max(0, resetAt - now);
}
