/**
 * Match items against a pattern in which `star` stands for any number of items: the ground of globs.
 *
 * Time is at most the product of the lengths; nothing backtracks further than the last star.
 */
export function matchesSequence(
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
