import type { CallOptions } from "../client/mod.ts";
import { type Clock, type ErrorCode, isTidegateError } from "../core/mod.ts";
import type { RateLimitStatus } from "./pull_limits.ts";

/** What a health check found. */
export interface HubHealth {
  readonly healthy: boolean;
  /** How long it took, in milliseconds. */
  readonly latencyMs: number;
  /** `undefined` where it could not be asked. */
  readonly rateLimit: RateLimitStatus | undefined;
  /** Code of the error; `UNKNOWN` for one that tidegate did not throw. */
  readonly error: ErrorCode | "UNKNOWN" | undefined;
}

/**
 * Run a check and say how it went. A limit that is used up is no failure of health.
 *
 * @throws The signal's reason, and nothing else.
 */
export async function checkHealth(
  clock: Clock,
  check: (signal: AbortSignal | undefined) => Promise<RateLimitStatus>,
  { signal }: CallOptions = {},
): Promise<HubHealth> {
  const startedAt = clock.now();
  const took = (): number => clock.now() - startedAt;
  try {
    const rateLimit = await check(signal);
    return { healthy: true, latencyMs: took(), rateLimit, error: undefined };
  } catch (error) {
    signal?.throwIfAborted();
    const code = isTidegateError(error) ? error.code : "UNKNOWN";
    const healthy = code === "PULL_LIMIT_EXCEEDED";
    return { healthy, latencyMs: took(), rateLimit: undefined, error: code };
  }
}
