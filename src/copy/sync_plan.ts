/** Which tags of a repository are wanted. Every rule that is given must hold; none means all. */
export interface TagRules {
  /** One of these globs: `*` is any run of characters, `?` is one. */
  readonly include?: readonly string[] | undefined;
  /** None of these globs. */
  readonly exclude?: readonly string[] | undefined;
  /** A regular expression that matches anywhere in the tag: anchor it. */
  readonly regex?: string | undefined;
  /**
   * A range as npm writes them: `>=1.2 <2`, `^1.4`, `~1.4.2`, `1.x`. Tags that are no versions are
   * left out; `v1.2` counts as 1.2.0.
   */
  readonly semver?: string | undefined;
  /** Of those that are left, only so many: the highest versions, then the last in natural order. */
  readonly newest?: number | undefined;
}

/** A set of images that is kept in step. */
export interface SyncRule {
  /**
   * `REGISTRY/REPOSITORY`. In the repository `*` stands for any run of characters of one part, `**`
   * for one part or more: then the registry is asked for its catalog.
   */
  readonly from: string;
  /**
   * `REGISTRY/REPOSITORY`. `{repository}` stands for the source's whole repository, `{name}` for its
   * last part; one of them is needed where `from` is a glob.
   */
  readonly to: string;
  readonly tags?: TagRules | undefined;
  /** See `CopyOptions.platforms`. */
  readonly platforms?: readonly string[] | undefined;
  readonly referrers?: boolean | readonly string[] | undefined;
  readonly digestTags?: boolean | undefined;
  /**
   * Delete tags of the destination that the rule's globs, regex and range would take, and that the
   * source has no more, or that are not among the newest. Default is `false`.
   */
  readonly delete?: boolean | undefined;
}

/** What is kept in step. */
export interface SyncPlan {
  readonly rules: readonly SyncRule[];
}
