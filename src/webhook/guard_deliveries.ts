import type { Clock } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import { type DeliveryStore, type MemoryDeliveries, memoryDeliveries } from "./deliveries.ts";
import { failureName, withinDeadline } from "./within_deadline.ts";

const STORE_MS = 1_500;

/**
 * Memory before a store that others share. A store that fails is told to the observer, and memory
 * decides: an event twice does less harm than none.
 */
export function guardDeliveries(
  far: DeliveryStore | undefined,
  { clock, observer }: { readonly clock: Clock; readonly observer: Observer | undefined },
): MemoryDeliveries {
  const near = memoryDeliveries({ clock });
  const guard = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await withinDeadline(work, STORE_MS, { clock, what: "store of deliveries" });
    } catch (error) {
      observe(observer, { type: "webhook.failed", part: "deliveries", reason: failureName(error) });
      return otherwise;
    }
  };
  return {
    isKnown: near.isKnown,
    claim: async (keys) =>
      await near.claim(keys) &&
      (far === undefined || await guard(() => far.claim(keys), true)),
    async release(keys): Promise<void> {
      await near.release(keys);
      if (far !== undefined) await guard(() => far.release(keys), undefined);
    },
  };
}
