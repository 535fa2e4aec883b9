import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "./chromium.ts";

/** One run of vitest on one runtime. */
export interface Run {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** What a run came to. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** The part of vitest's JSON report that is read. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
}

/** Vitest itself, for runtimes that start it by themselves. */
export const VITEST = "node_modules/vitest/vitest.mjs";

/** Files with tests that time a parser: to load all others would take a minute. */
export function timedFiles(folder = "test/unit"): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name))
    .filter((path) => readFileSync(path, "utf8").includes("expectFast("));
}

/** Vitest's default leaves a processor to itself, although it mostly waits. */
const ALL = ["--maxWorkers=100%"];

/** Every runtime that there is here, in the order in which they are run. */
function runs(): readonly Run[] {
  const runtime = ["run", "--project", "runtime", "--project", "hosts"];
  const parsers = ["-t", "fast|50 ms|in no time", ...timedFiles()];
  const bounds = ["run", "--project", "node", ...ALL, ...parsers];
  const chromium = findChromium();
  const list: Run[] = [
    { name: "Node and workerd", command: "node", args: [VITEST, "run", "--coverage", ...ALL] },
    // counting lines keeps code from being optimized: parsers are timed apart
    { name: "Time bounds", command: "node", args: [VITEST, ...bounds] },
    { name: "Deno", command: "deno", args: ["run", "-A", "--unstable-kv", VITEST, ...runtime] },
    { name: "Bun", command: "bun", args: ["--bun", VITEST, ...runtime, "--pool=threads"] },
  ];
  if (chromium === undefined) console.log("Chromium: not found, the browser suite is left out");
  else {
    const args = [VITEST, "run", "--config", "vitest.browser.config.ts"];
    list.push({ name: "Chromium", command: "node", args });
  }
  return list;
}

/**
 * The totals of one run. A run that ends badly without a failed test (a file that does not load, a
 * coverage threshold) counts as one failure.
 */
export function totalsOf(status: number, report: VitestReport | undefined): Totals {
  const passed = report?.numPassedTests ?? 0;
  const failed = report?.numFailedTests ?? 0;
  const broken = status !== 0 || report === undefined || !report.success;
  return { passed, failed: failed === 0 && broken ? 1 : failed };
}

/** @param isAlone Whether what it prints is shown as it comes; else at its end, in one piece. */
async function runOne(
  { name, command, args }: Run,
  folder: string,
  isAlone: boolean,
): Promise<Totals> {
  const file = join(folder, `${name.replaceAll(" ", "_")}.json`);
  const log = `${file}.log`;
  console.log(`\n=== ${name}${isAlone ? "" : `, on its way in ${log}`}`);
  const reporters = [
    ...["--silent=passed-only", "--reporter=default", "--reporter=json"],
    `--outputFile.json=${file}`,
  ];
  const output = isAlone ? "inherit" : openSync(log, "w");
  const status = await new Promise<number>((resolve) => {
    const child = spawn(command, [...args, ...reporters], { stdio: ["ignore", output, output] });
    child.on("close", (code) => resolve(code ?? 1));
    child.on("error", () => resolve(1));
  });
  if (output !== "inherit") {
    closeSync(output);
    console.log(`\n=== ${name}\n${readFileSync(log, "utf8")}`);
  }
  return totalsOf(status, readReport(file));
}

/** What vitest has written; undefined where there is nothing, or half of it. */
export function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  } catch {
    return undefined;
  }
}

/**
 * Run them and end with the sum. That nothing ran is a failure.
 *
 * @param atOnce How many at a time.
 */
export async function runAll(list: readonly Run[], atOnce = 1): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const all: (readonly [string, Totals])[] = [];
  const waiting = [...list.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, run] = next;
      all[index] = [run.name, await runOne(run, folder, atOnce === 1)];
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  rmSync(folder, { recursive: true, force: true });
  console.log("");
  for (const [name, { passed, failed }] of all) console.log(`${name}: ${passed}, ${failed} failed`);
  const passed = all.reduce((sum, [, one]) => sum + one.passed, 0);
  const failed = all.reduce((sum, [, one]) => sum + one.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

if (import.meta.main) await runAll(runs());
