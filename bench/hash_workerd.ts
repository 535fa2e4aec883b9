import type { HashCase } from "./hash_cases.ts";
import { type BenchLine, compare, cpuTimeOf, peakRssMib, rounded } from "./runner.ts";
import { startWorker } from "./worker.ts";

const WORKER = new URL("./hash_worker.ts", import.meta.url).pathname;

/** The hash bench on workerd, timed from outside. */
export async function* benchHashOnWorkerd(rounds: number): AsyncGenerator<BenchLine> {
  const worker = await startWorker(WORKER);
  const get = async (path: string): Promise<string> => {
    const response = await fetch(new URL(path, worker.url));
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.text();
  };
  try {
    for (const one of JSON.parse(await get("/cases")) as HashCase[]) {
      yield await run(one, get, rounds, worker.pid);
    }
  } finally {
    await worker.stop();
  }
}

async function run(
  { name, vs, mib }: HashCase,
  get: (path: string) => Promise<string>,
  rounds: number,
  pid: number | undefined,
): Promise<BenchLine> {
  const digests = [await get(`/${name}/ours/1`), await get(`/${name}/theirs/1`)];
  if (new Set(digests).size !== 1) throw new Error(`${name} on workerd: digests differ`);
  const { ratio, ours, theirs } = await compare({
    ours: () => get(`/${name}/ours/${mib}`),
    theirs: () => get(`/${name}/theirs/${mib}`),
    rounds,
    now: cpuTimeOf(pid),
  });
  return {
    bench: "hash",
    runtime: "workerd",
    case: name,
    vs,
    ratio: rounded(ratio),
    value: rounded(mib / ours * 1000, 0),
    peer: rounded(mib / theirs * 1000, 0),
    unit: "MiB/s",
    rss_mib: pid === undefined ? null : peakRssMib(pid),
  };
}
