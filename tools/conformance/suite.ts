import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../test/support/processes_node.ts";
import { cacheFolder, findCommand } from "../go_tools.ts";
import { ROOT } from "../worker_bundle.ts";
import { mergeResults, readResults, type SuiteResults } from "./results.ts";

/** Where one run of the suite goes. */
export interface SuiteRun {
  /** Name of the folder under `build/conformance` that keeps what it wrote. */
  readonly name: string;
  /** Host and port. */
  readonly registry: string;
  /** Further settings, as `OCI_*` variables. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * Top-level groups to run, each in a process and with settings of its own. Default is the whole
   * suite at once.
   */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Version of the specification that every target is held to. */
export const VERSION = "1.1";

/** What version 1.1 leaves off by default, and what a later one adds. */
export const EVERYTHING_ON: Readonly<Record<string, string>> = {
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
  OCI_DATA_SPARSE: "true",
};

const RUN_MS = 5 * 60_000;

/** The folder that keeps what the runs leave behind; `TIDEGATE_CONFORMANCE_RESULTS` names another. */
export const RESULTS: string = process.env["TIDEGATE_CONFORMANCE_RESULTS"] ??
  join(ROOT, "build", "conformance");

/**
 * The OCI conformance suite (the program of opencontainers/distribution-spec, since 2026): named by
 * `TIDEGATE_CONFORMANCE_SUITE`, or `oci-conformance` where {@linkcode findProgram} looks.
 */
export function findSuite(): string | undefined {
  return process.env["TIDEGATE_CONFORMANCE_SUITE"] ?? findProgram("oci-conformance");
}

/** A program that is not built here: on the PATH, or in `tidegate/suite` of the user's cache. */
export function findProgram(name: string): string | undefined {
  const cached = join(cacheFolder(), "suite", name);
  return findCommand(name) ?? (existsSync(cached) ? cached : undefined);
}

/**
 * Run the suite. Its exit status is not asked: it is 0 when the configuration does not load.
 *
 * @param signal Ends it early.
 * @throws {Error} When it left no results, or those of other settings.
 */
export async function runSuite(
  suite: string,
  target: SuiteRun,
  signal: AbortSignal,
): Promise<SuiteResults> {
  if (target.groups === undefined) return await runPart(suite, target, target.name, {}, signal);
  const parts: SuiteResults[] = [];
  for (const [group, own] of Object.entries(target.groups)) {
    const settings = { ...own, OCI_FILTER_TEST: `OCI Conformance Test/${group}` };
    parts.push(await runPart(suite, target, join(target.name, group), settings, signal));
  }
  return mergeResults(parts);
}

async function runPart(
  suite: string,
  { registry, settings }: SuiteRun,
  name: string,
  own: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SuiteResults> {
  const folder = join(RESULTS, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { stderr } = await run(suite, [], {
    cwd: folder, // a configuration file in another folder would be read
    env: {
      ...{ OCI_REGISTRY: registry, OCI_TLS: "disabled", OCI_VERSION: VERSION },
      ...{ OCI_RESULTS_DIR: folder, OCI_LOG: "error" },
      ...settings,
      ...own,
    },
    timeoutMs: RUN_MS,
    signal,
  });
  signal.throwIfAborted();
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  try {
    const results = readResults(read("results.yaml"), read("junit.xml"));
    assertAsked(results, registry);
    return results;
  } catch (cause) {
    throw new Error(`${name}: no results (${cause}): ${stderr.slice(0, 500)}`, { cause });
  }
}

function assertAsked({ version, registry }: SuiteResults, asked: string): void {
  if (version !== VERSION || registry !== asked) {
    throw new Error(`results of version ${version} at ${registry}, not of ${VERSION} at ${asked}`);
  }
}
