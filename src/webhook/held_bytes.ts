import type { Clock } from "../core/mod.ts";

/** Room for bodies that are being read. */
export interface HeldBytes {
  /**
   * Take room for so many bytes; undefined when there is none left.
   * @returns A function that gives it back.
   */
  hold(bytes: number): (() => void) | undefined;
}

/**
 * So much room in all, each part of it for so long at most: a request that its runtime dropped halfway
 * gives nothing back.
 */
export function createHeldBytes(
  { clock, most, leaseMs }: {
    readonly clock: Clock;
    readonly most: number;
    readonly leaseMs: number;
  },
): HeldBytes {
  const held = new Set<{ readonly bytes: number; readonly until: number }>(); // the oldest first
  let total = 0;
  const drop = (one: { readonly bytes: number; readonly until: number }): void => {
    if (held.delete(one)) total -= one.bytes;
  };
  return {
    hold(bytes): (() => void) | undefined {
      for (const one of held) {
        if (one.until > clock.now()) break;
        drop(one);
      }
      if (total + bytes > most) return undefined;
      const one = { bytes, until: clock.now() + leaseMs };
      held.add(one);
      total += bytes;
      return () => drop(one);
    },
  };
}
