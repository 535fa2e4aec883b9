import type { Verdict } from "./judge.ts";
import type { SuiteResults } from "./results.ts";
import { VERSION } from "./suite.ts";
import type { Target } from "./targets.ts";

/** One line of the report. */
export interface Outcome {
  readonly target: Target;
  /** Absent when the suite left none. */
  readonly results?: SuiteResults;
  readonly verdict: Verdict;
}

const COLUMNS = [
  "target",
  "APIs on",
  "data on",
  "tests",
  "cases",
  "passed",
  "failed",
  "skipped",
  "counts",
] as const;

/** The totals of every target, side by side. */
export function formatTable(outcomes: readonly Outcome[]): string {
  const rows = [COLUMNS, ...outcomes.map(rowOf)];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => pad(cell, widths[i] ?? 0, i > 0)).join(" | ")} |`;
  const rule = widths.map((width, i) => "-".repeat(i > 0 ? width - 1 : width) + (i > 0 ? ":" : ""));
  return [line(COLUMNS), line(rule), ...rows.slice(1).map(line)].join("\n");
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

function rowOf({ target, results, verdict }: Outcome): string[] {
  const { passed, failing, skipped, failures } = verdict;
  const counts = target.rule === undefined ? "-" : String(failures.length);
  return [
    target.title,
    onOf(results?.apis),
    onOf(results?.data),
    ...[results?.counted ?? 0, results?.cases.length ?? 0].map(String),
    ...[passed, failing.length, skipped].map(String),
    counts,
  ];
}

/** How many are on, of how many. */
function onOf(map: Readonly<Record<string, string>> = {}): string {
  const all = Object.values(map);
  return `${all.filter((status) => status !== "Disabled").length} of ${all.length}`;
}

/** The whole report, for `docs/conformance.md`. */
export function formatReport(outcomes: readonly Outcome[]): string {
  const judged = outcomes.filter(({ target }) => target.rule !== undefined);
  return [
    "# Conformance",
    INTRODUCTION,
    formatTable(outcomes),
    LEGEND,
    "## What counts",
    RULES,
    judged.every(({ verdict }) => verdict.failures.length === 0)
      ? "Of all that, there was nothing."
      : judged.map(({ target, verdict }) => section(target.title, verdict.failures)).join("\n\n"),
    EXPLANATIONS,
    "## Failures and skips by name",
    ...outcomes.flatMap(({ target, verdict }) => [
      section(`${target.title}: failed`, verdict.failing),
      section(`${target.title}: skipped`, verdict.skipping),
      section(`${target.title}: fails against the registry alone, passes here`, verdict.mended),
      section(`${target.title}: passes against the registry alone, skipped here`, verdict.lost),
    ]),
  ].filter(Boolean).join("\n\n") + "\n";
}

const INTRODUCTION =
  `Written by \`npm run conformance -- --full\`. \`npm run conformance\` runs all of it
but zot, judges it in the same way and leaves this page as it is. The suite is that of
opencontainers/distribution-spec as it is since 2026, at version ${VERSION} with every optional API
and every kind of data on. It is not built here: \`oci-conformance\` and \`zot\` are looked for on the
PATH and in \`tidegate/suite\` of the user's cache. The front door runs in workerd
where nothing else is said, with \`ranges: verified\`.`;

const LEGEND = `*tests* is the number that the suite gives; it counts groups too. *cases* are single
test cases, and the columns after it count those. *counts* is what makes the command fail. A registry
alone is not judged.`;

const RULES =
  `- Against the simulation, the front door before it, and without pushes: every failure.
- Against the front door before a registry: every failure that the registry alone does not have. A
  case is known by its name; where a name occurs several times, as often as it fails against the
  registry alone is not counted.
- An API or a kind of data that \`results.yaml\` calls FAIL or Error, by the same rules.
- With the simulation: more than two skips.
- An API or a kind of data that is off, and a run in which few cases ran: the suite exits with 0 also
  when it stops early.`;

const EXPLANATIONS = `## Why

- *Anonymous mounts are skipped before the simulation.* That a registry has some bytes is no right to
  them: the front door mounts out of a repository that the caller names and may pull, and begins an
  upload otherwise, which the specification allows.
- *The runs without pushes skip pushes and deletes.* These groups are switched off, and the suite
  lists their cases all the same.
- *The front door passes what distribution alone fails.* Distribution stores blobs by SHA-256 and says
  so in \`Docker-Content-Digest\` when SHA-512 was asked for; the front door names the digest that it
  verified. It answers POST with a whole blob, chunks out of order and referrers as the specification
  wants it where distribution does not, and begins an upload where distribution says that it mounted
  a blob and has none.
- *The front door fails what the registry behind it fails.* Distribution and Debian's registry, which
  is distribution 2, take no sparse images, no manifests by digests of SHA-512 and no
  non-distributable layers, and list no referrers. zot takes no sparse images, and has a blob that was
  mounted also after its deletion. That is not the front door's to mend.
- *The numbers of cases differ.* Where a registry does not take one way to upload a blob, the suite
  tries the next, which is a case more; and what it pushes is random.`;

/** Names below a heading, grouped by their first part; empty when there are none. */
function section(title: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const groups = Map.groupBy(names, (name) => name.split("/")[0] ?? name);
  const lines = [...groups].map(([group, all]) => `- ${group}${listOf(group, all)}`);
  return `### ${title[0]?.toUpperCase()}${title.slice(1)}\n\n${lines.join("\n")}`;
}

/** Each name once, with how often it occurs. */
function listOf(group: string, names: readonly string[]): string {
  const times = Map.groupBy(names, (name) => name.slice(group.length + 1));
  const list = [...times].map(([rest, { length }]) => length > 1 ? `${rest} (${length})` : rest);
  return list.every((rest) => rest === "") ? "" : `: ${list.join(", ")}`;
}
