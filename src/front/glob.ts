import { matchesSequence } from "../core/mod.ts";

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
