import { type Clock, withDeadline } from "../core/mod.ts";
import { observe, type Observer } from "../observability/mod.ts";
import type { CheckpointStore } from "./checkpoints.ts";

const STALL_MS = 3_000; // reading a blob back takes longer, waiting for ever helps nobody

/** A store that never fails: what goes wrong is told to the observer, and counts as not there. */
export function guardCheckpoints(
  store: CheckpointStore,
  { clock, observer }: { readonly clock: Clock; readonly observer: Observer },
): CheckpointStore {
  const guard = async <T>(
    operation: "get" | "put" | "delete",
    work: () => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await withDeadline(work(), { origin: "the checkpoint", clock, stallMs: STALL_MS });
    } catch (error) {
      const reason = error instanceof Error ? error.name : "unknown";
      observe(observer, { type: "checkpoint.failed", operation, reason });
      return undefined;
    }
  };
  return {
    put: async (id, offset, sealed) => {
      await guard("put", () => store.put(id, offset, sealed));
    },
    get: async (id) => await guard("get", () => store.get(id)) ?? new Map(),
    delete: async (id) => {
      await guard("delete", () => store.delete(id));
    },
  };
}
