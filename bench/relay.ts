import { spawn } from "node:child_process";
import { type Origin, startOrigin } from "./relay_origin.ts";
import { type BenchLine, type BenchOptions, median, peakRssMib, rounded } from "./runner.ts";
import { workerCompatibility } from "../tools/worker_bundle.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const DOOR = new URL("../src/front/worker.ts", import.meta.url).pathname;
const WORKER = new URL("./relay_worker.ts", import.meta.url).pathname;
const MIB = 1024 * 1024;
/** A round moves several GiB: more of them than this tell nothing new. */
const MOST_ROUNDS = 9;

interface RelayCase {
  readonly name: string;
  readonly size: number;
  readonly parallel: number;
}

const CASES: readonly RelayCase[] = [
  { name: "relay-1x1GiB", size: 1024 * MIB, parallel: 1 },
  { name: "relay-32x64MiB", size: 64 * MIB, parallel: 32 },
];

/**
 * The front door's verified relay in workerd before nginx, against the limit on one thread: the time of an
 * unverified pass-through and of the native hash alone, added. Memory is the peak of a workerd of
 * its own, against the pass-through's + 128 MiB.
 */
export async function* benchRelay({ runtimes, rounds }: BenchOptions): AsyncGenerator<BenchLine> {
  if (runtimes.length > 0 && !runtimes.includes("workerd")) return;
  const origin = await startOrigin();
  try {
    for (const one of CASES) yield* run(one, origin, Math.min(rounds, MOST_ROUNDS));
    yield await compareSizes(origin);
  } finally {
    await origin.stop();
  }
}

async function* run(one: RelayCase, origin: Origin, rounds: number): AsyncGenerator<BenchLine> {
  const blob = origin.addBlob(one.size);
  const passing = await startWorker(WORKER);
  const relaying = await startDoor(origin);
  try {
    const sides = {
      pass: () => download(passing, `/pass?url=${encodeURIComponent(origin.url + blob.path)}`, one),
      hash: () => download(passing, `/hash?size=${one.size}`, one, 0),
      relay: () => download(relaying, blob.path, one),
    };
    yield await compareSides(one, sides, rounds, relaying);
    yield* compareMemory(one, passing, relaying);
  } finally {
    await Promise.all([passing.stop(), relaying.stop()]);
  }
}

/** Memory must not follow the size of what is relayed: a blob 16 times as large, at most 32 MiB more. */
async function compareSizes(origin: Origin): Promise<BenchLine> {
  const small = await peakOf(origin, 64 * MIB);
  const large = await peakOf(origin, 1024 * MIB);
  return {
    bench: "relay",
    runtime: "workerd",
    case: "relay-memory-by-size",
    vs: "64 MiB blob + 32 MiB",
    ratio: rounded((small + 32) / large),
    value: large,
    peer: small + 32,
    unit: "MiB",
    rss_mib: large,
  };
}

/** Peak of a door of its own that relays as much in blobs of one size as of another. */
async function peakOf(origin: Origin, size: number): Promise<number> {
  const one = { name: "", size, parallel: 1 };
  const { path } = origin.addBlob(size);
  const door = await startDoor(origin);
  try {
    for (let moved = 0; moved < 1024 * MIB; moved += size) await download(door, path, one);
    return door.pid === undefined ? NaN : peakRssMib(door.pid) ?? NaN;
  } finally {
    await door.stop();
  }
}

/** The front door as it is deployed, with nginx for its upstream. */
function startDoor(origin: Origin): Promise<RunningWorker> {
  const config = {
    upstreams: [{ name: "bench", origin: origin.url, default: true, insecure: true }],
    access: { anonymous: ["bench/**:pull"] },
  };
  const bindings = { TIDEGATE_CONFIG: JSON.stringify(config) };
  const { flags } = workerCompatibility();
  return startWorker(DOOR, { bindings, kvNamespaces: ["TOKENS"], compatibilityFlags: flags });
}

type Side = "pass" | "hash" | "relay";

async function compareSides(
  one: RelayCase,
  sides: Readonly<Record<Side, () => Promise<number>>>,
  rounds: number,
  relaying: RunningWorker,
): Promise<BenchLine> {
  const times: Record<Side, number>[] = [];
  for (let round = -1; round < rounds; round++) { // the first one warms up
    const time = { pass: 0, hash: 0, relay: 0 };
    const order: Side[] = round % 2 ? ["pass", "relay", "hash"] : ["relay", "hash", "pass"];
    for (const side of order) time[side] = await sides[side]();
    if (round >= 0) times.push(time);
  }
  const mibPerSecond = (milliseconds: number): number =>
    rounded(one.size * one.parallel / MIB / milliseconds * 1000, 0);
  return {
    bench: "relay",
    runtime: "workerd",
    case: one.name,
    vs: "pass-through + native hash",
    ratio: rounded(median(times.map(({ pass, hash, relay }) => (pass + hash) / relay)), 3),
    value: mibPerSecond(median(times.map(({ relay }) => relay))),
    peer: mibPerSecond(median(times.map(({ pass, hash }) => pass + hash))),
    unit: "MiB/s",
    rss_mib: relaying.pid === undefined ? null : peakRssMib(relaying.pid),
  };
}

function* compareMemory(
  one: RelayCase,
  passing: RunningWorker,
  relaying: RunningWorker,
): Generator<BenchLine> {
  if (passing.pid === undefined || relaying.pid === undefined) return;
  const value = peakRssMib(relaying.pid);
  const pass = peakRssMib(passing.pid);
  if (value === null || pass === null) return;
  yield {
    bench: "relay",
    runtime: "workerd",
    case: `${one.name}-memory`,
    vs: "pass-through + 128 MiB",
    ratio: rounded((pass + 128) / value),
    value,
    peer: pass + 128,
    unit: "MiB",
    rss_mib: value,
  };
}

/** Fetch with curl, `parallel` times at once, to nowhere. Milliseconds; checks what arrived. */
async function download(
  worker: RunningWorker,
  path: string,
  { parallel, size }: RelayCase,
  expected: number = size,
): Promise<number> {
  const url = new URL(path, worker.url).href;
  const one = ["-o", "/dev/null", "-w", "%{http_code} %{size_download}\\n", url];
  const many = ["--no-progress-meter", "-Z", "--parallel-immediate", "--parallel-max", "300"];
  const args = [...many, ...Array.from({ length: parallel }, () => one).flat()];
  const start = performance.now();
  const output = await curl(args);
  const elapsed = performance.now() - start;
  const right = output.trim().split("\n").filter((line) => line === `200 ${expected}`).length;
  if (right !== parallel) throw new Error(`${path}: ${right} of ${parallel} came whole: ${output}`);
  return elapsed;
}

function curl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("curl", args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => output += text);
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
