/**
 * `npm run conformance`: the OCI conformance suite against the simulation, real registries, and the
 * front door in workerd before each of them, and before the simulation on Node, Deno and Bun too.
 * Prints the totals side by side and ends with the plain totals. `-- --full` adds zot, and keeps what
 * it prints in `docs/conformance.md`. With `-- --if-installed`, a machine without the suite is no
 * failure.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "../test/support/processes_node.ts";
import { onEnd } from "./command.ts";
import { judge, type Verdict } from "./conformance/judge.ts";
import { formatReport, formatTable, type Outcome } from "./conformance/report.ts";
import { findSuite, runSuite } from "./conformance/suite.ts";
import { listTargets, startServers, type Target } from "./conformance/targets.ts";
import { startUpstreams, type Stoppable } from "./conformance/upstreams.ts";
import { ROOT } from "./worker_bundle.ts";

const REPORT = join(ROOT, "docs", "conformance.md");
const EXIT_INTERRUPTED = 130;

async function main(args: string[]): Promise<void> {
  const { values: { full, "if-installed": ifInstalled } } = parseArgs({
    args,
    options: {
      full: { type: "boolean", default: false },
      "if-installed": { type: "boolean", default: false },
    },
  });
  const suite = findSuite();
  if (suite === undefined) {
    console.error("conformance: put oci-conformance on the PATH, or its path into");
    console.error("TIDEGATE_CONFORMANCE_SUITE: the suite of opencontainers/distribution-spec");
    return finish(0, ifInstalled ? 0 : 1);
  }
  const ending = new AbortController();
  onEnd(() => ending.abort(new Error("told to end")));
  try {
    const outcomes = await runAll(suite, full, ending.signal);
    conclude(outcomes, full);
  } catch (error) {
    console.error(`conformance: ${error instanceof Error ? error.message : error}`);
    finish(0, 1);
  }
  if (ending.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
}

function conclude(outcomes: readonly Outcome[], full: boolean): void {
  console.log(`\n${formatTable(outcomes)}\n`);
  if (full) {
    writeFileSync(REPORT, formatReport(outcomes));
    execFileSync("deno", ["fmt", "--quiet", REPORT]);
  }
  const judged = outcomes.filter(({ target }) => target.rule !== undefined);
  for (const { target, verdict } of judged) {
    for (const failure of verdict.failures) console.log(`FAILED  ${target.title}: ${failure}`);
  }
  finish(
    judged.reduce((sum, { verdict }) => sum + verdict.passed, 0),
    judged.reduce((sum, { verdict }) => sum + verdict.failures.length, 0),
  );
}

function finish(passed: number, failed: number): void {
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** @throws {Error} Why it is told to end, with every server ended that was started. */
async function runAll(suite: string, full: boolean, signal: AbortSignal): Promise<Outcome[]> {
  const folder = temporaryFolder("conformance");
  const started: Stoppable[] = [];
  process.on("exit", () => { // miniflare ends the process at a signal, and waits for nothing
    for (const server of started) void server.stop();
    folder.remove();
  });
  try {
    const upstreams = await startUpstreams(folder.path, full, started);
    signal.throwIfAborted();
    const servers = await startServers(upstreams, folder.path, started);
    const outcomes = new Map<string, Outcome>();
    for (const target of listTargets(servers)) {
      outcomes.set(target.name, await runTarget(suite, target, outcomes, signal));
    }
    return [...outcomes.values()];
  } finally {
    await Promise.allSettled(started.splice(0).map((server) => server.stop()));
    folder.remove();
  }
}

async function runTarget(
  suite: string,
  target: Target,
  before: ReadonlyMap<string, Outcome>,
  signal: AbortSignal,
): Promise<Outcome> {
  const alone = target.alone === undefined ? undefined : before.get(target.alone)?.results;
  const start = Date.now();
  try {
    const results = await runSuite(suite, target, signal);
    const verdict = judge(results, target.rule ?? { cases: 0 }, alone);
    console.log(`conformance: ${target.title}: ${Math.round((Date.now() - start) / 1000)} s`);
    return { target, results, verdict };
  } catch (error) {
    signal.throwIfAborted();
    console.error(error);
    return { target, verdict: NO_RESULTS };
  }
}

/** A run without results is one failure. */
const NO_RESULTS: Verdict = {
  ...{ passed: 0, skipped: 0, failing: [], skipping: [], lost: [], mended: [] },
  failures: ["the suite left no results"],
};

await main(process.argv.slice(2));
