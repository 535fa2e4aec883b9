import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** One result: tidegate against a peer or a physical limit, measured in the same run. */
export interface BenchLine {
  readonly bench: string;
  readonly runtime: string;
  readonly case: string;
  /** The peer: a library, a builtin, a sum of limits. */
  readonly vs: string;
  /** How far ahead tidegate is: above 1 is ahead. The median over the rounds. */
  readonly ratio: number;
  /** tidegate's figure, and the peer's, in `unit`: medians over the rounds. */
  readonly value: number;
  readonly peer: number;
  readonly unit: string;
  /** Peak resident memory of the process that ran it; null where it cannot be known. */
  readonly rss_mib: number | null;
}

/** What the command line asked for. */
export interface BenchOptions {
  /** Runtimes to run on; empty for all that the bench knows. */
  readonly runtimes: readonly string[];
  /** Rounds of each comparison, both sides in each. */
  readonly rounds: number;
  /** Take the long cases too. */
  readonly full: boolean;
  /** Cases to run, where a bench has several; empty for all. */
  readonly cases: readonly string[];
}

/** A bench: yields its lines as they are known. */
export type Bench = (options: BenchOptions) => AsyncIterable<BenchLine>;

/** Two sides that do the same work. */
export interface Comparison {
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  readonly rounds: number;
  /** Rounds before the first that counts: compilers warm up. @default 20 */
  readonly warmUp?: number;
  /** Milliseconds on the clock that counts. @default wall time; {@linkcode cpuTime} for pure computing */
  readonly now?: () => number;
}

/** Medians over the rounds: times in milliseconds, and of `theirs / ours` taken round by round. */
export interface Compared {
  readonly ratio: number;
  readonly ours: number;
  readonly theirs: number;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 ? half : half - 1], sorted[half]];
  return (low + high) / 2;
}

/** Time both sides in turn, each first in every other round, so that drift of the machine hits both alike. */
export async function compare(comparison: Comparison): Promise<Compared> {
  const { ours, theirs, rounds, warmUp = 20, now = wallTime } = comparison;
  const times: { ours: number; theirs: number }[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const [first, second] = round % 2 ? [theirs, ours] : [ours, theirs];
    const [one, two] = [await time(first, now), await time(second, now)];
    if (round >= 0) times.push(round % 2 ? { ours: two, theirs: one } : { ours: one, theirs: two });
  }
  return {
    ratio: median(times.map((round) => round.theirs / round.ours)),
    ours: median(times.map((round) => round.ours)),
    theirs: median(times.map((round) => round.theirs)),
  };
}

async function time(work: () => unknown, now: () => number): Promise<number> {
  const start = now();
  await work();
  return now() - start;
}

function wallTime(): number {
  return performance.now();
}

/** CPU time of this process in milliseconds: what others do on the machine does not count. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The same of another process, from Linux's procfs; wall time where there is none. */
export function cpuTimeOf(pid: number | undefined): () => number {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(`${tasks}/${pid}/schedstat`)) return wallTime;
  return () => {
    const nanoseconds = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0])
    );
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
  };
}

/** Round to a few digits: a bench knows no more. */
export function rounded(value: number, digits: number = 2): number {
  return Number(value.toFixed(digits));
}

/** Peak resident memory of a process in MiB, from Linux's procfs; null elsewhere. */
export function peakRssMib(pid: number | "self" = "self"): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return null;
  }
}

/** The command that runs a TypeScript file on each of the runtimes that are processes. */
export const RUNTIME_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  node: [process.execPath],
  deno: ["deno", "run", "-A"],
  bun: ["bun"],
};

/** Run a script on a runtime; all that it prints. */
export async function outputOfChild(
  runtime: string,
  script: string,
  args: readonly string[],
): Promise<string> {
  let output = "";
  for await (const line of printedLines(runtime, script, args)) output += `${line}\n`;
  return output;
}

/**
 * Run a script on a runtime; it prints one {@linkcode BenchLine} a line.
 * @param runtime A key of {@linkcode RUNTIME_COMMANDS}.
 */
export async function* linesFromChild(
  runtime: string,
  script: string,
  args: readonly string[],
): AsyncGenerator<BenchLine> {
  for await (const line of printedLines(runtime, script, args)) yield JSON.parse(line) as BenchLine;
}

async function* printedLines(
  runtime: string,
  script: string,
  args: readonly string[],
): AsyncGenerator<string> {
  const [command = "", ...rest] = RUNTIME_COMMANDS[runtime] ?? [];
  const child = spawn(command, [...rest, script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", reject);
  });
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    const lines = (output + chunk).split("\n");
    output = lines.pop() ?? "";
    yield* lines;
  }
  const status = await ended;
  if (status !== 0) throw new Error(`${script} on ${runtime} ended with status ${status}`);
}
