/**
 * Whether a repository name matches the parts of an access rule's glob.
 *
 * `*` in a part stands for any run of characters of that part; `**` as a part for one or more whole
 * parts. Time is at most the product of the lengths; nothing backtracks further than the last star.
 */
export function matchesGlob(parts: readonly string[], repository: string): boolean {
  // "one or more" is "exactly one, then any number"
  const pattern = parts.flatMap((part) => part === "**" ? ["*", "**"] : [part]);
  return matchesSequence(pattern, repository.split("/"), "**", matchesPart);
}

function matchesPart(pattern: string, part: string): boolean {
  return matchesSequence([...pattern], [...part], "*", (a, b) => a === b);
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
