import { type Clock, isTidegateError } from "../core/mod.ts";
import type { CopyEvent } from "./event.ts";

/** Holds back what would only be refused. */
export interface QuietTimes {
  /**
   * Do something that counts against a registry's limit: after the end of its window if it is known
   * to be used up, and again if it turns out to be.
   *
   * @param image For the event.
   * @throws What the work throws last; at once where the window ends too late.
   */
  run<T>(registry: string, image: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

const MAX_WAITS = 3; // for one image: somebody else may take the first pulls of a window

/** @param waitMs The longest wait, in milliseconds. */
export function createQuietTimes(
  clock: Clock,
  waitMs: number,
  tell: (event: CopyEvent) => void,
): QuietTimes {
  const until = new Map<string, number>();
  return {
    async run<T>(
      registry: string,
      image: string,
      signal: AbortSignal,
      work: () => Promise<T>,
    ): Promise<T> {
      for (let waits = 0;; waits++) {
        const milliseconds = (until.get(registry) ?? 0) - clock.now();
        if (milliseconds > 0) {
          tell({ type: "sync.waiting", at: clock.now(), image, milliseconds });
          await clock.sleep(milliseconds, signal);
        }
        try {
          return await work();
        } catch (error) {
          const resetAt = resetOf(error);
          const isNear = resetAt !== undefined && resetAt - clock.now() <= waitMs;
          if (!isNear || waits === MAX_WAITS || signal.aborted) throw error;
          until.set(registry, Math.max(until.get(registry) ?? 0, resetAt));
        }
      }
    },
  };
}

function resetOf(error: unknown): number | undefined {
  const isLimit = isTidegateError(error, "RATE_LIMITED") ||
    isTidegateError(error, "PULL_LIMIT_EXCEEDED");
  return isLimit ? error.details.resetAt : undefined;
}
