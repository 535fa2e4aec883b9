import { parse } from "yaml";

/** How one API or data set came out, as `results.yaml` says it. */
export type SuiteStatus = "Pass" | "FAIL" | "Error" | "Skip" | "Disabled" | "Unknown";

/** One test case of `junit.xml`. Names repeat: a name with an image in it runs once for each manifest. */
export interface SuiteCase {
  /** Without the name of the suite: `sha256 blobs/mount/blob-mount`. */
  readonly name: string;
  readonly status: "passed" | "skipped" | "failure" | "error";
}

/** What one run of the conformance suite left behind. */
export interface SuiteResults {
  /** Version of the specification that its settings are those of. */
  readonly version: string;
  /** Host and port that it ran against. */
  readonly registry: string;
  readonly apis: Readonly<Record<string, SuiteStatus>>;
  readonly data: Readonly<Record<string, SuiteStatus>>;
  readonly cases: readonly SuiteCase[];
  /** Tests as the suite counts them: cases and the groups they are in. */
  readonly counted: number;
}

/** From the lowest to the highest. */
const STATUSES: readonly SuiteStatus[] = ["Unknown", "Disabled", "Skip", "Pass", "FAIL", "Error"];
// up to the next `<` at most: the time that they take grows with the file, not with its square
const CASE = /<testcase name="([^"<]*)"[^<>]* status="(passed|skipped|failure|error)"/g;
const SUITE = /<testsuite name="([^"<]*)" tests="(\d+)"/;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&" };

/**
 * Read `results.yaml` and `junit.xml` of a run. The suite exits with 0 when its configuration does
 * not load, so only what it wrote counts.
 *
 * @throws {Error} When either is not what the suite writes, or holds no case.
 */
export function readResults(yaml: string, junit: string): SuiteResults {
  const { config, apis, data } = sectionsOf(parse(yaml, { logLevel: "error" }));
  const suite = SUITE.exec(junit);
  const cases = [...junit.matchAll(CASE)].map(([, name = "", status]) => ({
    name: decode(name).replace(`${decode(suite?.[1] ?? "")}/`, ""),
    status: status as SuiteCase["status"],
  }));
  if (suite === null || cases.length === 0) throw new Error("junit.xml holds no test case");
  return {
    version: String(config["version"]),
    registry: String(config["registry"]),
    apis: statusesOf("apis", apis),
    data: statusesOf("data", data),
    cases,
    counted: Number(suite[2]),
  };
}

/** Results of several parts of the suite as those of one. */
export function mergeResults(parts: readonly SuiteResults[]): SuiteResults {
  const [first] = parts;
  if (first === undefined) throw new TypeError("There are no results to merge");
  return {
    ...first,
    apis: mergeStatuses(parts.map(({ apis }) => apis)),
    data: mergeStatuses(parts.map(({ data }) => data)),
    cases: parts.flatMap(({ cases }) => cases),
    counted: parts.reduce((sum, { counted }) => sum + counted, 0),
  };
}

/** The suite's own order: the highest status wins. */
function mergeStatuses(
  parts: readonly Readonly<Record<string, SuiteStatus>>[],
): Record<string, SuiteStatus> {
  const merged: Record<string, SuiteStatus> = {};
  for (const [key, status] of parts.flatMap((part) => Object.entries(part))) {
    const before = merged[key] ?? "Unknown";
    merged[key] = STATUSES.indexOf(status) > STATUSES.indexOf(before) ? status : before;
  }
  return merged;
}

type Section = Readonly<Record<string, unknown>>;

function sectionsOf(document: unknown): Readonly<Record<"config" | "apis" | "data", Section>> {
  const { config, apis, data } = (document ?? {}) as Record<string, unknown>;
  if (!isSection(config) || !isSection(apis) || !isSection(data)) {
    throw new Error("results.yaml lacks config, apis or data");
  }
  return { config, apis, data };
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function statusesOf(name: string, section: Section): Record<string, SuiteStatus> {
  const entries = Object.entries(section);
  for (const [key, status] of entries) {
    if (!(STATUSES as readonly unknown[]).includes(status)) {
      throw new Error(`results.yaml: ${name}: ${key} has no known status`);
    }
  }
  return Object.fromEntries(entries) as Record<string, SuiteStatus>;
}

/** The references that Go's writer of XML makes. */
function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,6})|#x([0-9a-fA-F]{1,5})|(\w{1,4}));/g,
    (whole, decimal?: string, hex?: string, name = "") => {
      if (decimal === undefined && hex === undefined) return ENTITIES[name] ?? whole;
      return String.fromCodePoint(
        decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal),
      );
    },
  );
}
