import type { SuiteCase, SuiteResults } from "./results.ts";

/** How the results of a target are judged. */
export interface Rule {
  /** Skips that are allowed; every further one is a failure. Default is any number. */
  readonly skips?: number;
  /** Fewest cases that must have run. */
  readonly cases: number;
}

/** What a target came to. */
export interface Verdict {
  readonly passed: number;
  readonly skipped: number;
  /** Every case that failed, whoever is to blame. */
  readonly failing: readonly string[];
  readonly skipping: readonly string[];
  /** Failures that count against the target, each with its reason. */
  readonly failures: readonly string[];
  /** Cases that pass against the upstream alone and do not run here. */
  readonly lost: readonly string[];
}

/**
 * Judge one run.
 *
 * @param alone Results of the upstream without the front door: what fails there too, as often, does
 *   not count. Absent when every failure counts.
 */
export function judge(results: SuiteResults, rule: Rule, alone?: SuiteResults): Verdict {
  const failing = namesOf(results.cases, isFailure);
  const skipping = namesOf(results.cases, isSkipped);
  const failures = alone === undefined ? failing : excess(failing, namesOf(alone.cases, isFailure));
  const lost = alone === undefined ? [] : excess(skipping, namesOf(alone.cases, isSkipped));
  return {
    passed: results.cases.length - failing.length - skipping.length,
    skipped: skipping.length,
    failing,
    skipping,
    failures: [...failures, ...shortcomings(results, rule, skipping)],
    lost,
  };
}

/** What is wrong with a run as a whole. */
function shortcomings(
  { cases }: SuiteResults,
  rule: Rule,
  skipping: readonly string[],
): readonly string[] {
  const allowed = rule.skips ?? skipping.length;
  const few = cases.length < rule.cases
    ? [`only ${cases.length} cases ran, fewer than ${rule.cases}`]
    : [];
  return [...skipping.slice(allowed).map((name) => `skipped: ${name}`), ...few];
}

function isFailure({ status }: SuiteCase): boolean {
  return status === "failure" || status === "error";
}

function isSkipped({ status }: SuiteCase): boolean {
  return status === "skipped";
}

function namesOf(cases: readonly SuiteCase[], filter: (one: SuiteCase) => boolean): string[] {
  return cases.filter(filter).map(({ name }) => name);
}

/** What the first list has more often than the second. */
function excess(list: readonly string[], known: readonly string[]): string[] {
  const left = Map.groupBy(known, (name) => name);
  return list.filter((name) => left.get(name)?.pop() === undefined);
}
