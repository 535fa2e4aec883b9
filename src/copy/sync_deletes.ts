import type { CallOptions } from "../client/mod.ts";
import { isTidegateError } from "../core/mod.ts";
import { isGlob } from "./glob.ts";
import type { RuleListing } from "./list_pairs.ts";
import type { ReadRule } from "./sync_ends.ts";

/** What was not listed to its end, or did not arrive. */
export interface Unknown {
  /** Rules of which not all repositories could be listed. */
  readonly rules: readonly ReadRule[];
  /** Destinations, as a person writes them, of which an image failed. */
  readonly targets: ReadonlySet<string>;
}

/**
 * The listings that may delete, each with all that any rule chose for its destination: several
 * sources may go to one. What did not arrive must not cost what is there; nor must a source that
 * shows nothing, nor one that nobody could look at.
 */
export function findDeleting(
  listings: readonly RuleListing[],
  { rules, targets }: Unknown,
): readonly RuleListing[] {
  const chosen = new Map<string, Set<string>>();
  const spared = new Set(targets);
  for (const { chosen: some, pairs, target } of listings) {
    chosen.set(target, new Set([...chosen.get(target) ?? [], ...some]));
    if (pairs.length === 0) spared.add(target);
  }
  return listings.flatMap((listing) => {
    const { rule, target } = listing;
    const mayDelete = rule.delete && !spared.has(target) &&
      !rules.some((one) => one.rule === rule || mayGoTo(one, target));
    return mayDelete ? [{ ...listing, chosen: chosen.get(target) ?? listing.chosen }] : [];
  });
}

/** Where a glob would have led to nobody knows, but for the registry. */
function mayGoTo({ from, target }: ReadRule, name: string): boolean {
  const { registry, repository } = target(isGlob(from.repository) ? "name" : from.repository);
  return isGlob(from.repository)
    ? name.startsWith(`${registry}/`)
    : name === `${registry}/${repository}`;
}

/**
 * The destination's tags that the rule would have taken, and nobody did: the source has them no more, or
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
