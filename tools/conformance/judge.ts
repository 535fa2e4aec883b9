import type { SuiteCase, SuiteResults, SuiteStatus } from "./results.ts";

/** How the results of a target are judged. */
export interface Rule {
  /** Skips that are allowed; every further one is a failure. Default is any number. */
  readonly skips?: number;
  /** Fewest cases that must have run, to whatever end; the skipped ones did not. */
  readonly cases: number;
  /** Whether each API and each kind of data must have been on. Default is false. */
  readonly everything?: boolean;
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
  /** Cases that fail against the upstream alone and pass here. */
  readonly mended: readonly string[];
}

/**
 * Judge one run.
 *
 * A case counts by its name. Names repeat, one for each image or blob of a data set: so many of a
 * name as fail against the upstream alone do not count here. What `results.yaml` says of an API or a
 * kind of data counts where no case does.
 *
 * @param alone Results of the upstream without the front door. Absent when every failure counts.
 */
export function judge(results: SuiteResults, rule: Rule, alone?: SuiteResults): Verdict {
  const failing = namesOf(results.cases, isFailure);
  const skipping = namesOf(results.cases, isSkipped);
  const known = alone === undefined ? [] : namesOf(alone.cases, isFailure);
  const passing = alone === undefined ? [] : namesOf(alone.cases, isPassed);
  const failures = excess(failing, known);
  return {
    passed: results.cases.length - failing.length - skipping.length,
    skipped: skipping.length,
    failing,
    skipping,
    failures: [
      ...failures,
      ...(failures.length > 0 ? [] : excess(badStatuses(results), badStatuses(alone))),
      ...shortcomings(results, rule, skipping),
    ],
    lost: common(skipping, passing),
    mended: common(excess(known, failing), namesOf(results.cases, isPassed)),
  };
}

/** What is wrong with a run as a whole. */
function shortcomings(
  results: SuiteResults,
  { skips, cases, everything = false }: Rule,
  skipping: readonly string[],
): readonly string[] {
  const ran = results.cases.length - skipping.length;
  return [
    ...skipping.slice(skips ?? skipping.length).map((name) => `skipped: ${name}`),
    ...(ran < cases ? [`only ${ran} cases ran, fewer than ${cases}`] : []),
    ...(everything ? statuses(results, ["Disabled", "Unknown"]) : []),
  ];
}

function badStatuses(results: SuiteResults | undefined): readonly string[] {
  return results === undefined ? [] : statuses(results, ["FAIL", "Error"]);
}

/** The APIs and kinds of data that came out so. */
function statuses({ apis, data }: SuiteResults, wanted: readonly SuiteStatus[]): readonly string[] {
  const list = (map: Readonly<Record<string, SuiteStatus>>, what: string): string[] =>
    Object.entries(map)
      .filter(([, status]) => wanted.includes(status))
      .map(([name, status]) => `${what} ${name}: ${status}`);
  return [...list(apis, "API"), ...list(data, "data")];
}

function isFailure({ status }: SuiteCase): boolean {
  return status === "failure" || status === "error";
}

function isSkipped({ status }: SuiteCase): boolean {
  return status === "skipped";
}

function isPassed({ status }: SuiteCase): boolean {
  return status === "passed";
}

function namesOf(cases: readonly SuiteCase[], filter: (one: SuiteCase) => boolean): string[] {
  return cases.filter(filter).map(({ name }) => name);
}

/** What the first list has more often than the second. */
function excess(list: readonly string[], known: readonly string[]): string[] {
  const left = Map.groupBy(known, (name) => name);
  return list.filter((name) => left.get(name)?.pop() === undefined);
}

/** What both lists have, as often as both do. */
function common(list: readonly string[], other: readonly string[]): string[] {
  const left = Map.groupBy(other, (name) => name);
  return list.filter((name) => left.get(name)?.pop() !== undefined);
}
