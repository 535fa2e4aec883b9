import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPeer, take, type Taken, tidegate, type Words } from "./cli_commands.ts";
import {
  imageAt,
  LARGE_BYTES,
  LARGE_IMAGE,
  seedLarge,
  seedSmall,
  SMALL_REPOSITORIES,
  SMALL_TAGS,
} from "./cli_images.ts";
import { benchMemory } from "./cli_memory.ts";
import { startPushRegistry, withRegistry } from "./push_registry.ts";
import { type BenchLine, type BenchOptions, median, rounded, RUNTIME_COMMANDS } from "./runner.ts";

const MIB = 1024 * 1024;
/** A round moves several GiB: more of them than this tell nothing new. */
const MOST_ROUNDS = 5;
const IMAGES: number = SMALL_REPOSITORIES.length * SMALL_TAGS.length;

/** One that takes part: what it took in each case. */
interface Racer {
  /** A runtime of ours, or a peer. */
  readonly name: string;
  readonly run: () => Promise<Readonly<Record<string, Taken>>>;
}

/** Where a race runs. */
interface Track {
  /** For what each run leaves behind. */
  readonly folder: string;
  /** The registry that has the images. */
  readonly origin: string;
  readonly runtimes: readonly string[];
  readonly rounds: number;
}

/**
 * The command against skopeo and crane, docker-registry on both sides: `pull` and `copy` of 1 GiB in
 * 8 layers, `sync` of 200 small images, and the same with nothing to do; then the memory of large
 * layers. Every process is timed from its start to its end.
 */
export async function* benchCli(options: BenchOptions): AsyncGenerator<BenchLine> {
  const { runtimes, rounds } = options;
  const folder = mkdtempSync(join(tmpdir(), "tidegate-cli-"));
  const asked = Object.keys(RUNTIME_COMMANDS)
    .filter((name) => runtimes.length === 0 || runtimes.includes(name));
  const registry = await startPushRegistry(join(folder, "source"));
  const { origin } = registry;
  const track = { folder, origin, runtimes: asked, rounds: Math.min(rounds, MOST_ROUNDS) };
  try {
    if (isAsked(options, "sync")) yield* raceSyncs(track);
    if (isAsked(options, "pull") || isAsked(options, "copy")) await seedLarge(origin);
    if (isAsked(options, "pull")) yield* racePulls(track);
    if (isAsked(options, "copy")) yield* raceCopies(track);
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  if (isAsked(options, "memory")) yield* benchMemory({ ...options, runtimes: asked });
}

function isAsked({ cases }: BenchOptions, name: string): boolean {
  return cases.length === 0 || cases.includes(name);
}

async function* racePulls(track: Track): AsyncGenerator<BenchLine> {
  const { folder, origin } = track;
  const image = imageAt(origin, LARGE_IMAGE);
  const target = join(folder, "pulled");
  const pull = async (words: Words): Promise<Readonly<Record<string, Taken>>> => {
    try {
      return { "pull-1GiB": await take(words) };
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  };
  yield* race(track, { bytes: LARGE_BYTES }, [
    ...track.runtimes.map((name) => ({
      name,
      run: () => pull(tidegate(name, ["pull", image, "--cache", target])),
    })),
    ...peer("skopeo", (path) => {
      const words = ["copy", "-q", "--src-tls-verify=false", `docker://${image}`];
      return pull([path, ...words, `oci:${target}:v1`]);
    }),
    ...peer("crane", (path) => pull([path, "pull", "--format", "oci", image, target])),
  ]);
}

async function* raceCopies(track: Track): AsyncGenerator<BenchLine> {
  const from = imageAt(track.origin, LARGE_IMAGE);
  const copy = (words: (to: string) => Words): Promise<Readonly<Record<string, Taken>>> =>
    withRegistry(track.folder, async (destination) => ({
      "copy-1GiB": await take(words(imageAt(destination, LARGE_IMAGE))),
    }));
  yield* race(track, { bytes: LARGE_BYTES }, [
    ...track.runtimes.map((name) => ({
      name,
      run: () => copy((to) => tidegate(name, ["copy", from, to])),
    })),
    ...peer("skopeo", (path) => {
      const words = ["copy", "-q", "--all", "--src-tls-verify=false", "--dest-tls-verify=false"];
      return copy((to) => [path, ...words, `docker://${from}`, `docker://${to}`]);
    }),
    ...peer("crane", (path) => copy((to) => [path, "copy", from, to])),
  ]);
}

async function* raceSyncs(track: Track): AsyncGenerator<BenchLine> {
  const { folder, origin } = track;
  await seedSmall(origin);
  const plan = join(folder, "plan.yaml"); // JSON is YAML
  const twice = (words: (host: string) => Words): Promise<Readonly<Record<string, Taken>>> =>
    withRegistry(folder, async (destination) => {
      const command = words(new URL(destination).host);
      return { "sync-200": await take(command), "sync-200-again": await take(command) };
    });
  yield* race(track, { images: IMAGES }, [
    ...track.runtimes.map((name) => ({
      name,
      run: () =>
        twice((host) => {
          writeFileSync(plan, JSON.stringify(ourPlan(new URL(origin).host, host)));
          return tidegate(name, ["sync", plan, "--quiet"]);
        }),
    })),
    ...peer("skopeo", (path) =>
      twice((host) => {
        writeFileSync(plan, JSON.stringify(skopeosPlan(new URL(origin).host)));
        const words = ["sync", "--src", "yaml", "--dest", "docker", "--dest-tls-verify=false"];
        return [path, ...words, plan, `${host}/mirror`];
      })),
  ]);
}

function ourPlan(from: string, to: string): object {
  return {
    rules: SMALL_REPOSITORIES.map((name) => ({
      from: `${from}/bench/${name}`,
      to: `${to}/mirror/${name}`,
    })),
  };
}

function skopeosPlan(from: string): object {
  const images = SMALL_REPOSITORIES.map((name) => [`bench/${name}`, SMALL_TAGS]);
  return { [from]: { "tls-verify": false, images: Object.fromEntries(images) } };
}

function peer(name: "skopeo" | "crane", run: (path: string) => ReturnType<Racer["run"]>): Racer[] {
  const path = findPeer(name);
  return path === undefined ? [] : [{ name, run: () => run(path) }];
}

/** All in each round, each first in one, after one neighbour or the other: drift hits all alike. */
async function* race(
  { rounds, runtimes }: Track,
  work: { readonly bytes?: number; readonly images?: number },
  racers: readonly Racer[],
): AsyncGenerator<BenchLine> {
  const results: Record<string, Readonly<Record<string, Taken>>>[] = [];
  for (let round = 0; round < rounds; round++) {
    const result: Record<string, Readonly<Record<string, Taken>>> = {};
    const first = round % racers.length;
    const order = [...racers.slice(first), ...racers.slice(0, first)];
    for (const { name, run } of round % 2 ? order.reverse() : order) {
      result[name] = await run();
    }
    results.push(result);
  }
  const cases = Object.keys(results[0]?.[racers[0]?.name ?? ""] ?? {});
  const perSecond = (milliseconds: number): number =>
    rounded((work.images ?? (work.bytes ?? 0) / MIB) / milliseconds * 1000, 1);
  for (const name of cases) {
    const times = (racer: string): number[] =>
      results.map((result) => result[racer]?.[name]?.milliseconds ?? NaN);
    for (const runtime of runtimes) {
      const ours = times(runtime);
      const peaks = results.map((result) => result[runtime]?.[name]?.peakMib ?? 0);
      for (const { name: vs } of racers) {
        if (runtimes.includes(vs)) continue;
        const theirs = times(vs);
        yield {
          ...{ bench: "cli", runtime, case: name, vs },
          ratio: rounded(median(theirs.map((time, i) => time / (ours[i] ?? NaN)))),
          ...{ value: perSecond(median(ours)), peer: perSecond(median(theirs)) },
          unit: work.images === undefined ? "MiB/s" : "images/s",
          rss_mib: Math.max(...peaks),
        };
      }
    }
  }
}
