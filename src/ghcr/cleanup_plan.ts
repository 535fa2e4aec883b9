import { type Digest, fallbackTag } from "../reference/mod.ts";
import {
  attachedTag,
  changedAt,
  type CleanupNode,
  type CleanupRules,
  isUnnamed,
  selectByTags,
} from "./cleanup_policy.ts";
import type { PackageVersion } from "./package.ts";

/**
 * Why a version goes or stays.
 *
 * | reason | |
 * |---|---|
 * | `untagged` | goes: it has no tag, or stays: `untagged` is false |
 * | `tags` | goes: each of its tags matches |
 * | `tagged` | stays: it has a tag that no pattern matches |
 * | `protected` | stays: it has a tag of `keepTags` |
 * | `young` | stays: it changed not long enough ago |
 * | `newest` | stays: it is one of the newest |
 * | `listed` | stays: an index that stays lists it |
 * | `refers` | stays: it refers to an image that stays |
 * | `elsewhere` | stays: it refers to something that is not in this package |
 * | `changed` | stays: its tags were changed meanwhile |
 * | `stopped` | stays: a failure before ended the cleanup |
 */
export type CleanupReason =
  | "untagged"
  | "tags"
  | "tagged"
  | "protected"
  | "young"
  | "newest"
  | "listed"
  | "refers"
  | "elsewhere"
  | "changed"
  | "stopped";

/** One version and what becomes of it. */
export interface CleanupEntry {
  readonly version: PackageVersion;
  readonly reason: CleanupReason;
  /** With `listed` and `refers`: what needs it. */
  readonly by?: Digest;
}

/** What a cleanup is going to do. Every version is in exactly one of the lists. */
export interface CleanupPlan {
  /** In the order of deletion: nothing goes before all that needs it. */
  readonly remove: readonly CleanupEntry[];
  readonly keep: readonly CleanupEntry[];
  /** For each version, what must be gone before it may go. */
  readonly needs: ReadonlyMap<Digest, readonly Need[]>;
}

/** A version that needs another one, and how. */
export interface Need {
  readonly by: Digest;
  readonly reason: "listed" | "refers";
}

/**
 * Plan a cleanup. Pure.
 *
 * A version goes if the rules let it, and if all that needs it goes: the indexes that list it, and
 * the image that it refers to, by `subject` or by a tag that names a digest. What refers to nothing in
 * this package stays: signatures may lie in another one than what they sign.
 *
 * @param now Milliseconds since the epoch.
 */
export function planCleanup(
  nodes: readonly CleanupNode[],
  rules: CleanupRules,
  now: number,
): CleanupPlan {
  const graph = relate(nodes);
  const verdicts = judge(nodes, graph, rules, now);
  const remove = inOrder(nodes, graph.needs, verdicts);
  const gone = new Set(remove.map(({ version }) => version.digest));
  const keep = nodes.flatMap(({ version }): CleanupEntry[] => {
    if (gone.has(version.digest)) return [];
    const reason = verdicts.get(version.digest);
    if (reason !== undefined) return [{ version, reason }];
    const need = openNeed(graph.needs, version.digest, gone);
    return [{ version, reason: need?.reason ?? "listed", ...(need && { by: need.by }) }];
  });
  return { remove, keep, needs: graph.needs };
}

/** The first thing that still needs a version; undefined when it may go. */
export function openNeed(
  needs: CleanupPlan["needs"],
  digest: Digest,
  gone: ReadonlySet<Digest>,
): Need | undefined {
  return needs.get(digest)?.find(({ by }) => !gone.has(by));
}

interface Graph {
  readonly needs: ReadonlyMap<Digest, readonly Need[]>;
  /** Versions that refer to something that is not here. */
  readonly dangling: ReadonlySet<Digest>;
}

function relate(nodes: readonly CleanupNode[]): Graph {
  const digests = new Set(nodes.map(({ version }) => version.digest));
  const byTag = new Map(nodes.map(({ version }) => [fallbackTag(version.digest), version.digest]));
  const needs = new Map<Digest, Need[]>();
  const dangling = new Set<Digest>();
  const add = (digest: Digest, by: Digest, reason: Need["reason"]): void => {
    needs.set(digest, [...needs.get(digest) ?? [], { by, reason }]);
  };
  for (const { version: { digest, tags }, lists, subject } of nodes) {
    for (const child of new Set(lists)) if (digests.has(child)) add(child, digest, "listed");
    const targets = tags.map(attachedTag).filter((tag) => tag !== undefined)
      .map((tag) => byTag.get(tag));
    if (subject !== undefined) targets.push(digests.has(subject) ? subject : undefined);
    for (const target of targets) {
      if (target === undefined) dangling.add(digest);
      else add(digest, target, "refers");
    }
  }
  return { needs, dangling };
}

/** Why the rules keep a version; undefined for those that they let go. */
function judge(
  nodes: readonly CleanupNode[],
  { needs, dangling }: Graph,
  rules: CleanupRules,
  now: number,
): ReadonlyMap<Digest, CleanupReason | undefined> {
  const selected = nodes.filter(({ version }) => selectByTags(rules, version) === "selected");
  const roots = selected.map(({ version }) => version).filter(({ digest }) => {
    return !needs.has(digest) && !dangling.has(digest);
  });
  const newest = new Set(
    roots.toSorted((a, b) => changedAt(b) - changedAt(a) || b.id - a.id)
      .slice(0, rules.keepNewest).map(({ digest }) => digest),
  );
  return new Map(nodes.map(({ version }) => {
    const { digest } = version;
    const selection = selectByTags(rules, version);
    const isYoung = now - changedAt(version) < rules.olderThanMs;
    const reason = selection !== "selected"
      ? selection
      : dangling.has(digest)
      ? "elsewhere"
      : newest.has(digest)
      ? "newest"
      : isYoung
      ? "young"
      : undefined;
    return [digest, reason];
  }));
}

/** Those that may go, each after all that needs it; what needs itself in a circle stays. */
function inOrder(
  nodes: readonly CleanupNode[],
  needs: CleanupPlan["needs"],
  verdicts: ReadonlyMap<Digest, CleanupReason | undefined>,
): readonly CleanupEntry[] {
  const waiting = new Map<Digest, number>();
  const waits = new Map<Digest, CleanupNode[]>();
  const ready: CleanupNode[] = [];
  for (const node of nodes) {
    const { digest } = node.version;
    const open = needs.get(digest) ?? [];
    waiting.set(digest, open.length);
    for (const { by } of open) waits.set(by, [...waits.get(by) ?? [], node]);
    if (open.length === 0) ready.push(node);
  }
  const remove: CleanupEntry[] = [];
  for (const { version } of ready) {
    if (verdicts.get(version.digest) !== undefined) continue;
    remove.push({ version, reason: isUnnamed(version) ? "untagged" : "tags" });
    for (const node of waits.get(version.digest) ?? []) {
      const left = (waiting.get(node.version.digest) ?? 0) - 1;
      waiting.set(node.version.digest, left);
      if (left === 0) ready.push(node); // the loop goes on with what is pushed here
    }
  }
  return remove;
}
