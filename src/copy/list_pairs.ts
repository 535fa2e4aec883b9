import type { CallOptions } from "../client/mod.ts";
import type { CopyDestination, CopySource } from "./endpoint.ts";
import { isGlob, matchesRepositoryGlob } from "./glob.ts";
import { probeTarget, type TargetFacts, UNKNOWN_TARGET } from "./probe_target.ts";
import type { ReadRule } from "./sync_ends.ts";
import type { SyncDestination } from "./sync_options.ts";
import type { SyncRule } from "./sync_plan.ts";

/** An image and where it goes. */
export interface ImagePair {
  readonly rule: SyncRule;
  /** The source's, whose limits count. */
  readonly registry: string;
  readonly source: CopySource;
  readonly destination: CopyDestination;
  /** Being found out. Never rejects. */
  readonly target: Promise<TargetFacts>;
}

/** For fewer images it takes more requests than it may save. */
const WORTH_PROBING = 4;

/** What a rule wants of one repository. */
export interface RuleListing {
  readonly rule: SyncRule;
  readonly matches: (tag: string) => boolean;
  /** The source, as a person writes it. */
  readonly repository: string;
  /** The destination, as a person writes it. */
  readonly target: string;
  readonly targetRepository: string;
  readonly destination: SyncDestination;
  /** Tags that the source has. */
  readonly total: number;
  readonly chosen: ReadonlySet<string>;
  readonly pairs: readonly ImagePair[];
}

/** The images of a rule, repository by repository. */
export async function* listPairs(
  rule: ReadRule,
  options: CallOptions,
): AsyncGenerator<RuleListing, void> {
  for await (const repository of repositoriesOf(rule, options)) {
    yield await listRepository(rule, repository, options);
  }
}

async function* repositoriesOf(
  { from, source }: ReadRule,
  options: CallOptions,
): AsyncGenerator<string, void> {
  if (!isGlob(from.repository)) return yield from.repository;
  for await (const name of source.repositories(options)) {
    if (matchesRepositoryGlob(from.repository, name)) yield name;
  }
}

async function listRepository(
  { chooser, destination, from, rule, source, target }: ReadRule,
  repository: string,
  options: CallOptions,
): Promise<RuleListing> {
  const needsList = chooser.named === undefined || rule.delete || rule.digestTags;
  const all: string[] | undefined = needsList ? [] : undefined;
  for await (const tag of needsList ? source.tags(repository, options) : []) all?.push(tag);
  const chosen = chooser.named ?? chooser.choose(all ?? []);
  const { registry, repository: to } = target(repository);
  const unknown = Promise.resolve(UNKNOWN_TARGET);
  const pairs = chosen.map((tag): ImagePair => ({
    rule,
    registry: from.registry,
    source: source.image(repository, tag, all),
    destination: destination.image(to, tag),
    target: unknown,
  }));
  return {
    rule,
    matches: chooser.matches,
    repository: `${from.registry}/${repository}`,
    target: `${registry}/${to}`,
    targetRepository: to,
    destination,
    total: (all ?? chosen).length,
    chosen: new Set(chosen),
    pairs: pairs.length < WORTH_PROBING ? pairs : probed(destination, to, pairs, options),
  };
}

/** With what is found out about where they go, while other repositories are listed. */
function probed(
  destination: SyncDestination,
  repository: string,
  [first, ...others]: readonly ImagePair[],
  options: CallOptions,
): readonly ImagePair[] {
  if (first === undefined) return [];
  const target = probeTarget(destination, repository, first.destination, options);
  const isNew = target.then(({ isNew }): TargetFacts => ({ isNew }));
  return [{ ...first, target }, ...others.map((pair) => ({ ...pair, target: isNew }))];
}
