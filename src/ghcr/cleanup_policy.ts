import type { Digest } from "../reference/mod.ts";
import type { PackageVersion } from "./package.ts";

/**
 * Which versions a cleanup may delete. A version goes only if every rule lets it, and never while
 * something that stays needs it.
 */
export interface CleanupPolicy {
  /**
   * Only what has not changed for so long, in milliseconds. Default is one day: what is being pushed
   * has no tag yet.
   */
  readonly olderThanMs?: number | undefined;
  /** Delete versions without tags. Default is `true`. */
  readonly untagged?: boolean | undefined;
  /**
   * Delete tagged versions too, if each of their tags matches one of these: `pr-*`, `nightly`. `*`
   * stands for any characters. Default is none.
   */
  readonly tags?: readonly string[] | undefined;
  /** A version stays if one of its tags matches one of these. Default is none. */
  readonly keepTags?: readonly string[] | undefined;
  /** Of the images that the rules above select, whatever their age, so many stay. Default is 0. */
  readonly keepNewest?: number | undefined;
}

/** {@linkcode CleanupPolicy} with every blank filled in. */
export type CleanupRules = {
  readonly [Name in keyof CleanupPolicy]-?: NonNullable<CleanupPolicy[Name]>;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Fill in the blanks.
 *
 * @throws {TypeError} For a number that is none, or an empty pattern.
 */
export function resolvePolicy(policy: CleanupPolicy): CleanupRules {
  const { olderThanMs = DAY_MS, untagged = true, tags = [], keepTags = [] } = policy;
  const { keepNewest = 0 } = policy;
  if (!(olderThanMs >= 0)) throw new TypeError("olderThanMs must be 0 or more");
  if (!(Number.isSafeInteger(keepNewest) && keepNewest >= 0)) {
    throw new TypeError("keepNewest must be a whole number from 0");
  }
  if ([...tags, ...keepTags].some((pattern) => pattern === "")) {
    throw new TypeError("A pattern must not be empty");
  }
  return { olderThanMs, untagged, tags, keepTags, keepNewest };
}

/** Whether a tag matches a pattern in which `*` stands for any characters. Linear in the tag. */
export function matchesTag(pattern: string, tag: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return tag === pattern;
  if (tag.length < first.length + last.length) return false;
  if (!tag.startsWith(first) || !tag.endsWith(last)) return false;
  let at = first.length;
  const end = tag.length - last.length;
  for (const part of rest) {
    const found = tag.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Tags that name a digest: the referrers fallback tag, and cosign's `.sig`, `.att`, `.sbom`. */
const DIGEST_TAG = /^(sha(?:256|512)-[0-9a-f]{64})(?:[.][\w.-]+)?$/;

/** The fallback tag that a tag begins with: it is about the manifest of that digest. */
export function attachedTag(tag: string): string | undefined {
  return DIGEST_TAG.exec(tag)?.[1];
}

/** Whether the rules select a version by its tags, and why not. */
export function selectByTags(
  rules: CleanupRules,
  { tags }: PackageVersion,
): "selected" | "tagged" | "untagged" | "protected" {
  const matches = (patterns: readonly string[], tag: string): boolean =>
    patterns.some((pattern) => matchesTag(pattern, tag));
  if (tags.some((tag) => matches(rules.keepTags, tag))) return "protected";
  if (isUnnamed({ tags })) return rules.untagged ? "selected" : "untagged";
  return tags.every((tag) => matches(rules.tags, tag)) ? "selected" : "tagged";
}

/** Whether nobody named the version: it has no tags, or only such as registries and signers make. */
export function isUnnamed({ tags }: Pick<PackageVersion, "tags">): boolean {
  return tags.every((tag) => attachedTag(tag) !== undefined);
}

/** When a version changed last, in milliseconds since the epoch. */
export function changedAt({ createdAt, updatedAt }: PackageVersion): number {
  return Math.max(createdAt, updatedAt);
}

/** A version with what its manifest says of others. */
export interface CleanupNode {
  readonly version: PackageVersion;
  /** What an index lists. */
  readonly lists: readonly Digest[];
  /** What a referrer refers to. */
  readonly subject: Digest | undefined;
}
