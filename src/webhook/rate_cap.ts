import type { Clock } from "../core/mod.ts";

/** How much may come from one source. */
export interface RateCapOptions {
  readonly clock: Clock;
  /** Sustained; infinite for no cap. */
  readonly perMinute: number;
  /** How many may come at once. */
  readonly burst: number;
  /** Most sources remembered; the one not seen for longest goes first. Default is 1000. */
  readonly maxSources?: number;
}

/** Counts by source, in bounded memory. */
export interface RateCap {
  /** Milliseconds until the source may go on; 0 for now. Takes nothing. */
  wait(source: string): number;
  /** Count one. */
  take(source: string): void;
}

interface Bucket {
  /** May be fractional, and below 0 when more was taken than there was. */
  tokens: number;
  filledAt: number;
}

/** A bucket of tokens for each source. */
export function createRateCap(options: RateCapOptions): RateCap {
  const { clock, perMinute, burst, maxSources = 1000 } = options;
  const buckets = new Map<string, Bucket>(); // in order of use
  const filled = (source: string): Bucket => {
    const now = clock.now();
    const { tokens, filledAt } = buckets.get(source) ?? { tokens: burst, filledAt: now };
    const gained = Math.max(0, now - filledAt) * perMinute / 60_000;
    return { tokens: Math.min(burst, tokens + gained), filledAt: now };
  };
  return {
    wait(source): number {
      if (perMinute === Infinity) return 0;
      const { tokens } = filled(source);
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * 60_000 / perMinute);
    },
    take(source): void {
      if (perMinute === Infinity) return;
      const { tokens, filledAt } = filled(source);
      buckets.delete(source);
      buckets.set(source, { tokens: tokens - 1, filledAt });
      const [oldest] = buckets.keys();
      if (buckets.size > maxSources && oldest !== undefined) buckets.delete(oldest);
    },
  };
}
