/** Forgets what tags point to, so that the next pull asks the registry. */
export interface TagPurger {
  /**
   * Forget one tag, or all of a repository. Forgetting what is not known is no error.
   *
   * @param repository The registry's name of it.
   */
  purge(repository: string, tag?: string): void | Promise<void>;
}

/** Where there is no cache of tags. */
export const NO_TAGS: TagPurger = { purge: () => {} };
