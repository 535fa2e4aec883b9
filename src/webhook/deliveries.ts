import { type Clock, systemClock } from "../core/mod.ts";

/**
 * Remembers which deliveries came already. Must be strongly consistent: of two that claim the same
 * at once, one wins. Workers KV is not.
 */
export interface DeliveryStore {
  /**
   * Claim a delivery by all its keys, or none.
   *
   * @param keys 1 or 2, at most 128 characters each.
   * @returns False when one of them was claimed before, in the last three days.
   */
  claim(keys: readonly string[]): Promise<boolean>;
  /** Give a claim back: the same delivery may come again. */
  release(keys: readonly string[]): Promise<void>;
}

/** How long a delivery is remembered: GitHub sends one again for three days, when somebody asks it to. */
export const DELIVERY_KEPT_MS: number = 3 * 24 * 60 * 60_000;

/** Options of {@linkcode memoryDeliveries}. */
export interface MemoryDeliveriesOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock;
  /** Most keys remembered; the oldest goes first. Default is 10,000: under 2 MiB. */
  readonly maxKeys?: number;
}

/** {@linkcode DeliveryStore} in memory, for one process, with a look that waits for nothing. */
export interface MemoryDeliveries extends DeliveryStore {
  /** Whether one of the keys is claimed. */
  isKnown(keys: readonly string[]): boolean;
}

/** In memory: for one process. On Workers it helps only requests that meet in one isolate. */
export function memoryDeliveries(options: MemoryDeliveriesOptions = {}): MemoryDeliveries {
  const { clock = systemClock, maxKeys = 10_000 } = options;
  const expiries = new Map<string, number>(); // the oldest first
  const isKnown = (keys: readonly string[]): boolean =>
    keys.some((key) => (expiries.get(key) ?? 0) > clock.now());
  const dropOld = (): void => {
    for (const [key, expiresAt] of expiries) {
      if (expiresAt > clock.now() && expiries.size <= maxKeys) return;
      expiries.delete(key);
    }
  };
  return {
    isKnown,
    async claim(keys): Promise<boolean> {
      if (isKnown(keys)) return false;
      for (const key of keys) {
        expiries.delete(key);
        expiries.set(key, clock.now() + DELIVERY_KEPT_MS);
      }
      dropOld();
      return true;
    },
    async release(keys): Promise<void> {
      for (const key of keys) expiries.delete(key);
    },
  };
}
