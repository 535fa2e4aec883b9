/** Whether a text has what stands for other characters. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Whether a tag matches a glob: `*` is any run of characters, `?` is one. Time is at most the product
 * of the lengths.
 */
export function matchesTagGlob(glob: string, tag: string): boolean {
  return matchesSequence([...glob], [...tag], "*", (a, b) => a === "?" || a === b);
}

/**
 * Whether a repository name matches a glob: `*` is any run of characters of one part, `?` is one
 * character, `**` as a part is one part or more.
 */
export function matchesRepositoryGlob(glob: string, repository: string): boolean {
  // "one or more" is "exactly one, then any number"
  const parts = glob.split("/").flatMap((part) => part === "**" ? ["*", "**"] : [part]);
  return matchesSequence(parts, repository.split("/"), "**", matchesTagGlob);
}

/** Match items against a pattern in which `star` stands for any number of items. */
function matchesSequence(
  pattern: readonly string[],
  items: readonly string[],
  star: string,
  matchesItem: (pattern: string, item: string) => boolean,
): boolean {
  let p = 0;
  let lastStar = -1;
  let resume = 0;
  for (let i = 0; i < items.length;) {
    const wanted = pattern[p];
    if (wanted === star) {
      lastStar = p++;
      resume = i;
    } else if (wanted !== undefined && matchesItem(wanted, items[i] as string)) {
      p++;
      i++;
    } else if (lastStar >= 0) {
      p = lastStar + 1;
      i = ++resume;
    } else return false;
  }
  return pattern.slice(p).every((rest) => rest === star);
}
