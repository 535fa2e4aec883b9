import type { Connect } from "./connection.ts";
import type { ClientSettings } from "./options.ts";

/** What every operation of one client works with. */
export interface ClientContext {
  readonly settings: ClientSettings;
  readonly connect: Connect;
  /** What is read in order to write is never read from the cache. */
  readonly isWriting?: true;
  /** Number of the operation that runs, where somebody observes. */
  readonly operation?: number | undefined;
}

/** What every operation takes. */
export interface CallOptions {
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}
