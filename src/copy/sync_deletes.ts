import type { CallOptions } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import type { RuleListing } from "./list_pairs.ts";

/**
 * The destination's tags that the rule would have taken, and did not: the source has them no more, or
 * they are not among the newest. What the rule says nothing of stays.
 */
export async function findDoomed(
  { chosen, destination, matches, targetRepository }: RuleListing,
  options: CallOptions,
): Promise<readonly string[]> {
  const doomed: string[] = [];
  try {
    for await (const tag of destination.tags(targetRepository, options)) {
      if (matches(tag) && !chosen.has(tag)) doomed.push(tag);
    }
  } catch (error) {
    if (!isTidegateError(error, "NOT_FOUND")) throw error; // no repository: no tags
  }
  return doomed;
}
