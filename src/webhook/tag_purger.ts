import type { TagPurger } from "../kv/mod.ts";

/** Where there is no cache of tags. */
export const NO_TAGS: TagPurger = { purge: () => Promise.resolve() };
