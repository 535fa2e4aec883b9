import type { Clock } from "../core/mod.ts";
import type { BlobStore } from "./image_reader_node.ts";
import type { IndexLock } from "./index_lock_node.ts";
import type { LayoutRoot } from "./root_node.ts";
import type { Session } from "./session_node.ts";

/** What the operations of a layout share. */
export interface LayoutContext {
  readonly root: LayoutRoot;
  readonly clock: Clock;
  readonly stallMs: number;
  readonly session: Session;
  readonly lock: IndexLock;
  readonly store: BlobStore;
  /** Whether it was opened to be written: then what is found there is going to be relied on. */
  readonly isWriter: boolean;
}
