import { excerpt, TidegateError } from "../core/mod.ts";
import { matchesTagGlob } from "./glob.ts";
import type { TagRules } from "./sync_plan.ts";
import { compareNaturally, compareVersions, tryParseVersion } from "./version.ts";
import { tryParseVersionRange } from "./version_range.ts";

/** The rules for tags, read. */
export interface TagChooser {
  /** Whether a tag's name is one that is wanted, whatever others there are. */
  matches(tag: string): boolean;
  /** Those that are wanted of all that there are, in their order. */
  choose(tags: readonly string[]): readonly string[];
  /** The tags themselves, where the rules name each: then there is nothing to list. */
  readonly named: readonly string[] | undefined;
}

/** Tags that are made of a digest belong to an image: they are copied with it, or not at all. */
const DIGEST_TAG = /^sha(256-[0-9a-f]{64}|512-[0-9a-f]{128})(\..*)?$/s;

/**
 * Read the rules for tags.
 *
 * @throws {TidegateError} CONFIGURATION for a regex or a range that is none, or a count below 1.
 */
export function createTagChooser(rules: TagRules = {}): TagChooser {
  const { exclude = [], include, newest, regex, semver } = rules;
  const expression = regex === undefined ? undefined : parseRegex(regex);
  const range = semver === undefined ? undefined : tryParseVersionRange(semver);
  if (semver !== undefined && range === undefined) {
    throw invalid("tags.semver", `must be a range of versions, not "${excerpt(semver, 64)}"`);
  }
  if (newest !== undefined && !(Number.isSafeInteger(newest) && newest > 0)) {
    throw invalid("tags.newest", "must be a whole number from 1");
  }
  const matches = (tag: string): boolean => {
    if (DIGEST_TAG.test(tag)) return false;
    if (include?.some((glob) => matchesTagGlob(glob, tag)) === false) return false;
    if (exclude.some((glob) => matchesTagGlob(glob, tag))) return false;
    if (expression?.test(tag) === false) return false;
    if (range === undefined) return true;
    const version = tryParseVersion(tag);
    return version !== undefined && range(version);
  };
  const isNamed = include !== undefined && newest === undefined &&
    !include.some((glob) => /[*?]/.test(glob));
  return {
    matches,
    named: isNamed ? [...new Set(include)].filter(matches) : undefined,
    choose(tags): readonly string[] {
      const wanted = [...new Set(tags)].filter(matches);
      if (newest === undefined) return wanted;
      const last = new Set(wanted.toSorted(newestFirst).slice(0, newest));
      return wanted.filter((tag) => last.has(tag));
    },
  };
}

/** Versions before what is none, the highest first. */
function newestFirst(a: string, b: string): number {
  const [one, other] = [tryParseVersion(a), tryParseVersion(b)];
  if (one === undefined || other === undefined) {
    return Number(one === undefined) - Number(other === undefined) || compareNaturally(b, a);
  }
  return compareVersions(other, one) || compareNaturally(b, a);
}

function parseRegex(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch {
    throw invalid("tags.regex", `must be a regular expression, not "${excerpt(text, 64)}"`);
  }
}

function invalid(key: string, reason: string): TidegateError<"CONFIGURATION"> {
  return new TidegateError("CONFIGURATION", `${key} ${reason}`, { key, reason });
}
