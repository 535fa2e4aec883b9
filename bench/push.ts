import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerCompatibility } from "../tools/worker_bundle.ts";
import { type PushImage, pushWithSkopeo, withRegistry, writeImage } from "./push_registry.ts";
import {
  type BenchLine,
  type BenchOptions,
  median,
  outputOfChild,
  peakRssMib,
  rounded,
  RUNTIME_COMMANDS,
} from "./runner.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

const CHILD = new URL("./push_child.ts", import.meta.url).pathname;
const DOOR = new URL("../src/front/worker.ts", import.meta.url).pathname;
const MIB = 1024 * 1024;
const SIZE: number = 1024 * MIB;
const SMALL: number = 64 * MIB;
/** A round moves several GiB: more of them than this tell nothing new. */
const MOST_ROUNDS = 5;
/** What a push may add to the memory of the process. */
const MOST_GROWTH_MIB: Readonly<Record<string, number>> = { node: 160, deno: 64, bun: 64 };

/** What the child says of one push. */
interface Pushed {
  readonly milliseconds: number;
  readonly growthMib: number;
  readonly peakMib: number | null;
}

/**
 * The client's push of a 1 GiB layer to docker-registry, against skopeo's; and the same push
 * through the front door in workerd, against the one straight to the registry.
 */
export async function* benchPush({ runtimes, rounds }: BenchOptions): AsyncGenerator<BenchLine> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-push-"));
  const times = Math.min(rounds, MOST_ROUNDS);
  const isAsked = (runtime: string): boolean => runtimes.length === 0 || runtimes.includes(runtime);
  try {
    const image = writeImage(join(folder, "image"), SIZE);
    for (const runtime of Object.keys(RUNTIME_COMMANDS)) {
      if (isAsked(runtime)) yield* againstSkopeo({ folder, image, runtime, times });
    }
    if (!isAsked("workerd")) return;
    yield await throughDoor({ folder, image, runtime: "node", times });
    yield await compareSizes(folder, image);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PushCase {
  readonly folder: string;
  readonly image: PushImage;
  readonly runtime: string;
  readonly times: number;
}

async function* againstSkopeo(
  { folder, image, runtime, times }: PushCase,
): AsyncGenerator<BenchLine> {
  const rounds: { ours: number; theirs: number; pushed: Pushed }[] = [];
  for (let round = 0; round < times; round++) {
    const ours = (): Promise<Pushed> =>
      withRegistry(folder, (origin) => push(runtime, origin, image));
    const theirs = (): Promise<number> =>
      withRegistry(folder, (origin) => pushWithSkopeo(image, `${origin}/bench/blob:v1`));
    const early = round % 2 ? await theirs() : 0;
    const pushed = await ours();
    const taken = round % 2 ? early : await theirs();
    rounds.push({ ours: pushed.milliseconds, theirs: taken, pushed });
  }
  const peak = Math.max(...rounds.map(({ pushed }) => pushed.peakMib ?? 0));
  yield {
    ...{ bench: "push", runtime, case: "push-1GiB", vs: "skopeo copy" },
    ratio: rounded(median(rounds.map(({ ours, theirs }) => theirs / ours)), 3),
    value: perSecond(median(rounds.map(({ ours }) => ours))),
    peer: perSecond(median(rounds.map(({ theirs }) => theirs))),
    unit: "MiB/s",
    rss_mib: peak,
  };
  const growth = Math.max(1, ...rounds.map(({ pushed }) => pushed.growthMib));
  const allowed = MOST_GROWTH_MIB[runtime] ?? 64;
  yield {
    ...{ bench: "push", runtime, case: "push-1GiB-memory", vs: "growth allowed" },
    ratio: rounded(allowed / growth),
    ...{ value: growth, peer: allowed, unit: "MiB", rss_mib: peak },
  };
}

async function throughDoor({ folder, image, runtime, times }: PushCase): Promise<BenchLine> {
  const rounds: { door: number; direct: number; peak: number | null }[] = [];
  for (let round = 0; round < times; round++) {
    const straight = async (): Promise<number> =>
      (await withRegistry(folder, (origin) => push(runtime, origin, image))).milliseconds;
    const early = round % 2 ? await straight() : 0;
    const { milliseconds, peak } = await pushThroughDoor(folder, image, runtime);
    rounds.push({ door: milliseconds, direct: round % 2 ? early : await straight(), peak });
  }
  return {
    ...{
      bench: "push",
      runtime: "workerd",
      case: "push-door-1GiB",
      vs: "straight to the registry",
    },
    ratio: rounded(median(rounds.map(({ door, direct }) => direct / door)), 3),
    value: perSecond(median(rounds.map(({ door }) => door))),
    peer: perSecond(median(rounds.map(({ direct }) => direct))),
    unit: "MiB/s",
    rss_mib: Math.max(...rounds.map(({ peak }) => peak ?? 0)),
  };
}

/** Memory must not follow the size of what is pushed: a layer 16 times as large, at most 32 MiB more. */
async function compareSizes(folder: string, image: PushImage): Promise<BenchLine> {
  const little = writeImage(join(folder, "small"), SMALL);
  const small = (await pushThroughDoor(folder, little, "node", SIZE / SMALL)).peak ?? NaN;
  const large = (await pushThroughDoor(folder, image, "node")).peak ?? NaN;
  return {
    ...{ bench: "push", runtime: "workerd", case: "push-door-memory-by-size" },
    ...{ vs: "64 MiB layer + 32 MiB", ratio: rounded((small + 32) / large) },
    ...{ value: large, peer: small + 32, unit: "MiB", rss_mib: large },
  };
}

function pushThroughDoor(
  folder: string,
  image: PushImage,
  runtime: string,
  repeats = 1,
): Promise<{ milliseconds: number; peak: number | null }> {
  return withRegistry(folder, async (upstream) => {
    const door = await startDoor(upstream);
    try {
      const { milliseconds } = await push(runtime, door.url.origin, image, repeats);
      return { milliseconds, peak: door.pid === undefined ? null : peakRssMib(door.pid) };
    } finally {
      await door.stop();
    }
  });
}

/** The front door as it is deployed, with the registry for its upstream. */
function startDoor(origin: string): Promise<RunningWorker> {
  const config = {
    upstreams: [{ name: "bench", origin, default: true, insecure: true }],
    access: { anonymous: ["bench/**:pull,push"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  };
  const bindings = { TIDEGATE_CONFIG: JSON.stringify(config), SEAL_KEY: "0".repeat(64) };
  const { flags } = workerCompatibility();
  return startWorker(DOOR, { bindings, kvNamespaces: ["TOKENS"], compatibilityFlags: flags });
}

async function push(
  runtime: string,
  origin: string,
  { path, digest, size }: PushImage,
  repeats = 1,
): Promise<Pushed> {
  const args = [origin, path, digest, String(size), String(repeats)];
  return JSON.parse(await outputOfChild(runtime, CHILD, args)) as Pushed;
}

function perSecond(milliseconds: number): number {
  return rounded(SIZE / MIB / milliseconds * 1000, 0);
}
