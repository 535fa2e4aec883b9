import { matchesSequence } from "../core/mod.ts";

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
