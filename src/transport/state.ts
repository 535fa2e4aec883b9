/** What the breaker remembers of one origin. */
export interface BreakerRecord {
  /** Failures in a row while closed. */
  failures: number;
  /** Good probes in a row while half-open. */
  successes: number;
  /** When it opened, in milliseconds since the epoch; absent while closed. */
  openedAt: number | undefined;
  /** When the running probe was let through; absent when none runs. */
  probedAt: number | undefined;
}

/**
 * What outlives one client: breaker counts and quiet times, per origin.
 *
 * Values only. Two Worker requests may share it, since no promise, timer or stream is in it.
 */
export interface TransportState {
  /** By origin. */
  readonly breakers: Map<string, BreakerRecord>;
  /** By origin: no request before this time, in milliseconds since the epoch. */
  readonly quietUntil: Map<string, number>;
  /** Close the breaker and end the quiet time of one origin, or of all. */
  reset(origin?: string): void;
}

/** An empty {@linkcode TransportState}. Keep one per process or isolate and give it to every client. */
export function createTransportState(): TransportState {
  const breakers = new Map<string, BreakerRecord>();
  const quietUntil = new Map<string, number>();
  return {
    breakers,
    quietUntil,
    reset(origin?: string): void {
      for (const map of [breakers, quietUntil]) {
        origin === undefined ? map.clear() : map.delete(origin);
      }
    },
  };
}
