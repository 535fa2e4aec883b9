import { cpSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoggedRequest } from "../../src/simulation/mod.ts";
import { seededRandom } from "../../src/simulation/seeded_random.ts";
import { type CommandRuntime, startTidegate, tidegate } from "../support/command_node.ts";
import type { Outcome } from "../support/processes_node.ts";
import { type CommandWorld, openCommandWorld } from "./command_world.ts";

/** What is killed. */
export const KILLED = ["pull", "push", "copy"] as const;

/** One of {@linkcode KILLED}. */
export type Killed = (typeof KILLED)[number];

/** When a process is killed. */
export interface Moment {
  readonly runtime: CommandRuntime;
  /** How much of all that there is to do has been done, by what the registries see. */
  readonly share: number;
  /** So much later, in milliseconds. */
  readonly delayMs: number;
  /** The request with data that stops in the middle before; none where undefined. */
  readonly stalledChunk: number | undefined;
  /** How often it is killed before it is let alone. */
  readonly kills: number;
  /** Whether the registry throws away what a broken request has brought. */
  readonly discards: boolean;
  /** For places in the simulation. */
  readonly seed: number;
}

/** A request counts as so many bytes: between two of them is a moment, too. */
const REQUEST_BYTES = 100_000;
const POLL_MS = 1;
const LONGEST_MS = 60_000;
/** One in five runs on Deno, one on Bun. */
const RUNTIMES: readonly CommandRuntime[] = ["node", "deno", "node", "bun", "node"];

/** The moments of one kind: the same for the same seed. */
export function drawMoments(kind: Killed, count: number, seed: number): readonly Moment[] {
  return Array.from({ length: count }, (_, i) => {
    const own = seed + 10_000 * KILLED.indexOf(kind) + i;
    const random = seededRandom(own);
    return {
      runtime: RUNTIMES[i % RUNTIMES.length] ?? "node",
      share: random(),
      delayMs: Math.floor(random() * 60),
      stalledChunk: kind !== "pull" && random() < 0.4 ? 1 + Math.floor(random() * 8) : undefined,
      kills: random() < 0.2 ? 2 : 1,
      discards: kind !== "pull" && random() < 0.5,
      seed: own,
    };
  });
}

/** For titles, and so for who has to try it again. */
export function formatMoment(moment: Moment): string {
  const { delayMs, discards, kills, runtime, seed, share, stalledChunk } = moment;
  const words = [
    `${runtime} at ${(100 * share).toFixed(1)} % + ${delayMs} ms`,
    ...stalledChunk === undefined ? [] : [`chunk ${stalledChunk} stalled`],
    ...discards ? ["broken requests forgotten"] : [],
    ...kills > 1 ? ["twice"] : [],
  ];
  return `${words.join(", ")} (seed ${seed})`;
}

/** The words of a command. */
export function wordsOf(kind: Killed, { at, name }: CommandWorld, pulled: string): string[] {
  const to = `${at.target}/moved/app:v1`;
  return kind === "pull" ? ["pull", name] : [kind, kind === "push" ? pulled : name, to];
}

/** What the registries have seen, as a number that grows. */
function progressOf({ log }: { readonly log: readonly LoggedRequest[] }): number {
  return log.reduce((sum, one) => {
    const bytes = one.target.includes("/blobs/") ? one.sentBytes + one.bodyBytes : 0;
    return sum + REQUEST_BYTES + bytes;
  }, 0);
}

/** A cache with the image, pulled once for all. */
export interface PulledCache {
  /** What it is called there. */
  readonly name: string;
  /** A copy of its own. */
  copyTo(path: string): void;
  remove(): Promise<void>;
}

/** Pull the image once. */
export async function pullOnce(): Promise<PulledCache> {
  const world = await openCommandWorld();
  const { status, stderr } = await tidegate("node", world.path("cache"), ["pull", world.name]);
  if (status !== 0) throw new Error(stderr);
  return {
    name: world.name,
    copyTo: (path) => cpSync(world.path("cache"), path, { recursive: true }),
    remove: () => world.close(),
  };
}

/** How far a command comes that nobody kills. */
export async function measure(kind: Killed, pulled: PulledCache): Promise<number> {
  const world = await openCommandWorld();
  try {
    const cache = world.path("cache");
    if (kind === "push") pulled.copyTo(cache);
    const { status, stderr } = await tidegate("node", cache, wordsOf(kind, world, pulled.name));
    if (status !== 0) throw new Error(stderr);
    return progressOf(world.simulation);
  } finally {
    await world.close();
  }
}

/** Make transfers so slow that a kill lands inside; returns what makes them fast again. */
export function slowDown({ simulation }: CommandWorld, { stalledChunk }: Moment): () => void {
  const removes = [
    simulation.faults.add(
      { method: "GET", path: "*/blobs/*", action: { kind: "pace", bytes: 32 * 1024, everyMs: 4 } },
      { method: "PATCH", action: { kind: "delay", ms: 40, before: "answer" } },
      { method: "PUT", action: { kind: "delay", ms: 20, before: "answer" } },
    ),
    ...stalledChunk === undefined ? [] : [simulation.faults.add({
      ...{ method: "PATCH", nth: stalledChunk },
      action: { kind: "cut-request", at: "random", by: "stall" },
    })],
  ];
  return () => removes.forEach((remove) => remove());
}

/** What was killed, and where. */
export interface KilledRun extends Outcome {
  /** Bytes that had been sent to it, and that it had not read from its connections. */
  readonly unreadBytes: number;
  readonly wasKilled: boolean;
}

/** Run the command, and kill it when its moment has come; by then it may have ended. */
export async function runAndKill(
  world: CommandWorld,
  { delayMs, runtime, share }: Moment,
  words: readonly string[],
  total: number,
): Promise<KilledRun> {
  const { simulation: { log } } = world;
  const before = progressOf({ log });
  const running = startTidegate(runtime, world.path("cache"), words);
  const due = before + share * total;
  for (const end = Date.now() + LONGEST_MS; Date.now() < end && !running.hasEnded();) {
    if (progressOf({ log }) >= due || log.some(({ outcome }) => outcome === "stall")) break;
    await sleep(POLL_MS);
  }
  await sleep(delayMs);
  running.signal("SIGSTOP"); // to see it as it is
  const sent = sentIn(log);
  const unread = unreadFrom(world.at.source);
  running.signal("SIGKILL");
  const outcome = await running.ended;
  const unseen = sentIn(log) - sent; // who stands still reads nothing, and takes its time to end
  for (const one of log) if (one.outcome === "stall") one.outcome = "cancelled";
  return { ...outcome, unreadBytes: unread + unseen, wasKilled: outcome.status === -1 };
}

/** Bytes of all answers. */
function sentIn(log: readonly LoggedRequest[]): number {
  return log.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
}

/** What waits in connections to a registry to be read, by Linux's table; 0 where there is none. */
function unreadFrom(host: string): number {
  const port = Number(host.split(":")[1]).toString(16).toUpperCase().padStart(4, "0");
  let table = "";
  for (const name of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    try {
      table += readFileSync(name, "latin1");
    } catch {
      // another system
    }
  }
  return table.split("\n").reduce((sum, row) => {
    const [, local = "", remote = "", , queues = ""] = row.trim().split(/\s+/);
    const [sending = "", unread = ""] = queues.split(":");
    if (remote.endsWith(`:${port}`)) return sum + parseInt(unread, 16);
    return local.endsWith(`:${port}`) ? sum + parseInt(sending, 16) : sum;
  }, 0);
}
