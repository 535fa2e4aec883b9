/**
 * The command, killed at random moments: the next run ends what it began, sends no more than a chunk
 * of each blob again, and leaves no wrong blob behind. `TIDEGATE_SEED` chooses other moments.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { contentBytes, digestOf, type SimulatedRegistry } from "../../src/simulation/mod.ts";
import { tidegate } from "../support/command_node.ts";
import {
  drawMoments,
  formatMoment,
  KILLED,
  type Killed,
  type KilledRun,
  measure,
  type Moment,
  type PulledCache,
  pullOnce,
  runAndKill,
  slowDown,
  wordsOf,
} from "./command_kill.ts";
import {
  blobReads,
  CHUNK,
  type CommandWorld,
  expectRightCache,
  openCommandWorld,
  sumBy,
  uploadWrites,
} from "./command_world.ts";

const isFull = inject("full");
/** Of each kind. */
const COUNT = isFull ? 100 : 4;
const SEED = Number(process.env["TIDEGATE_SEED"] ?? 20261121);

let pulled: PulledCache;
const totals = new Map<Killed, number>();
const seen: string[] = [];

beforeAll(async () => {
  pulled = await pullOnce();
  for (const kind of KILLED) totals.set(kind, await measure(kind, pulled));
});
afterAll(async () => {
  await pulled.remove();
  console.log(`sent again, in KiB:\n${seen.join("\n")}`);
});

/** Sizes of the image's blobs, by digest. */
function sizesOf(kind: Killed, { image, index }: CommandWorld): ReadonlyMap<string, number> {
  const images = kind === "copy" ? index.children : [image];
  const blobs = images.flatMap((image) => image.blobs);
  return new Map(blobs.map(({ content, digest }) => [digest, content.size]));
}

/**
 * What the source sent more than once: of each blob a chunk for every kill, and what was unread. A copy
 * has three in memory: one is being sent on, one is read ahead, and less than another is in streams.
 */
function expectReads(world: CommandWorld, kind: Killed, runs: readonly KilledRun[]): number {
  const chunks = kind === "copy" ? 3 : 1;
  const sizes = sizesOf(kind, world);
  const unread = runs.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
  const reads = sumBy(
    blobReads(world),
    ({ sentBytes }) => sentBytes,
    ({ target }) => target.slice(target.indexOf("sha256:")),
  );
  let again = 0;
  for (const [digest, sent] of reads) {
    const extra = sent - (sizes.get(digest) ?? 0);
    expect(extra).toBeGreaterThanOrEqual(0);
    expect(extra).toBeLessThanOrEqual(runs.length * chunks * CHUNK + unread);
    again = Math.max(again, extra);
  }
  return again;
}

/** What uploads received more than once: of each blob a chunk for every kill. */
function expectWrites(world: CommandWorld, kind: Killed, runs: readonly KilledRun[]): number {
  const sizes = sizesOf(kind, world);
  const writes = uploadWrites(world);
  const idOf = (target: string): string => /uploads\/([^?]+)/.exec(target)?.[1] ?? "";
  const sums = sumBy(writes, ({ bodyBytes }) => bodyBytes, ({ target }) => idOf(target));
  const ended = new Map(
    writes.filter(({ method, status }) => method === "PUT" && status === 201).map(({ target }) => {
      const digest = new URL(target, "http://x").searchParams.get("digest") ?? "";
      return [idOf(target), sizes.get(digest) ?? 0];
    }),
  );
  let again = 0;
  for (const [id, sent] of sums) {
    const extra = sent - (ended.get(id) ?? 0); // of one that nobody continued, all
    expect(extra).toBeLessThanOrEqual(runs.length * CHUNK);
    again = Math.max(again, extra);
  }
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const sent = [...sums.values()].reduce((sum, bytes) => sum + bytes, 0);
  expect(sent - all).toBeLessThanOrEqual(runs.length * sizes.size * CHUNK);
  return again;
}

function expectRightBlobs(target: SimulatedRegistry, digests: Iterable<string>): Promise<void[]> {
  const { blobs } = target.repository("moved/app");
  return Promise.all([...digests].map(async (digest) => {
    const content = blobs.get(digest);
    expect(content && await digestOf(contentBytes(content))).toBe(digest);
  }));
}

/** Kill it at its moment, run it again to its end, and look at everything. */
async function live(world: CommandWorld, kind: Killed, moment: Moment): Promise<void> {
  const { runtime } = moment;
  const cache = world.path("cache");
  if (kind === "push") pulled.copyTo(cache);
  const words = wordsOf(kind, world, pulled.name);
  const fast = slowDown(world, moment);
  const runs: KilledRun[] = [];
  while (runs.length < moment.kills) {
    const run = await runAndKill(world, moment, words, totals.get(kind) ?? 0);
    if (kind !== "copy") await expectRightCache(runtime, cache);
    if (!run.wasKilled) {
      expect(run).toMatchObject({ status: 0 });
      break;
    }
    runs.push(run);
  }
  fast();
  const digest = kind === "copy" ? world.index.digest : world.image.digest;
  const again = await tidegate(runtime, cache, words);
  expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining(digest) });
  if (kind !== "copy") await expectRightCache(runtime, cache);
  const read = kind === "push" ? 0 : expectReads(world, kind, runs);
  const written = kind === "pull" ? 0 : expectWrites(world, kind, runs);
  if (kind !== "pull") {
    expect(world.target.repository("moved/app").tags.get("v1")).toBe(digest);
    await expectRightBlobs(world.target, sizesOf(kind, world).keys());
    const { stdout } = await tidegate(runtime, cache, ["uploads", "ls", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ uploads: [] });
  }
  const [down, up] = [read, written].map((bytes) => (bytes / 1024).toFixed(0));
  seen.push(`${kind} ${formatMoment(moment)}: ${down} read, ${up} written, ${runs.length} kills`);
}

describe.each(KILLED)("tidegate %s, killed", (kind) => {
  const moments = drawMoments(kind, COUNT, SEED).map((one) => [formatMoment(one), one] as const);

  it.each(moments)("%s: the next run ends it", async (_, moment) => {
    const world = await openCommandWorld(moment);
    try {
      await live(world, kind, moment);
    } finally {
      await world.close();
    }
  });
});
