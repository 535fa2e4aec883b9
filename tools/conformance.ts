/**
 * `npm run conformance`: the OCI conformance suite against the simulation, real registries, and the
 * front door in workerd before each of them. Prints the totals side by side, keeps them in
 * `docs/conformance.md`, and ends with the plain totals. `-- --full` adds zot.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../test/support/processes_node.ts";
import { judge, type Verdict } from "./conformance/judge.ts";
import { formatReport, formatTable, type Outcome } from "./conformance/report.ts";
import { findSuite, runSuite } from "./conformance/suite.ts";
import { listTargets, startServers, type Target } from "./conformance/targets.ts";
import { startUpstreams, type Stoppable } from "./conformance/upstreams.ts";
import { ROOT } from "./worker_bundle.ts";

const REPORT = join(ROOT, "docs", "conformance.md");

async function main(full: boolean): Promise<void> {
  const suite = findSuite();
  if (suite === undefined) {
    console.error("conformance: put oci-conformance on the PATH, or its path into");
    console.error("TIDEGATE_CONFORMANCE_SUITE: the suite of opencontainers/distribution-spec");
    return finish(0, 1);
  }
  const outcomes = await runAll(suite, full);
  console.log(`\n${formatTable(outcomes)}\n`);
  writeFileSync(REPORT, formatReport(outcomes));
  execFileSync("deno", ["fmt", "--quiet", REPORT]);
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

async function runAll(suite: string, full: boolean): Promise<Outcome[]> {
  const folder = temporaryFolder("conformance");
  const started: Stoppable[] = [];
  try {
    const upstreams = await startUpstreams(folder.path, full, started);
    const servers = await startServers(upstreams, started);
    const outcomes = new Map<string, Outcome>();
    for (const target of listTargets(servers)) {
      outcomes.set(target.name, await runTarget(suite, target, outcomes));
    }
    return [...outcomes.values()];
  } finally {
    for (const server of started.reverse()) await server.stop();
    folder.remove();
  }
}

async function runTarget(
  suite: string,
  target: Target,
  before: ReadonlyMap<string, Outcome>,
): Promise<Outcome> {
  console.log(`conformance: ${target.title}`);
  const alone = target.alone === undefined ? undefined : before.get(target.alone)?.results;
  try {
    const results = await runSuite(suite, target);
    return { target, results, verdict: judge(results, target.rule ?? { cases: 0 }, alone) };
  } catch (error) {
    console.error(error);
    return { target, verdict: NO_RESULTS };
  }
}

/** A run without results is one failure. */
const NO_RESULTS: Verdict = {
  ...{ passed: 0, skipped: 0, failing: [], skipping: [], lost: [] },
  failures: ["the suite left no results"],
};

await main(process.argv.includes("--full"));
