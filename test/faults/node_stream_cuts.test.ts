import { describe, expect, inject, it } from "vitest";
import { systemClock } from "../../src/core/mod.ts";
import { BLOB_SIZES, TOKEN_SECONDS } from "./catalogue.ts";
import type { PushFault } from "./control.ts";
import { createLanes, expectPushed, mostAgain, notePushes } from "./expect_pushed.ts";
import { spreadCuts } from "./matrix.ts";
import { PUSH_WAYS } from "./push.ts";

const isFull = inject("full");
const KIB = 1024;
const KINDS = ["close", "reset"] as const;
const WAYS = PUSH_WAYS.filter((way) => isFull || way !== "lone door");
const SKETCH = {
  blob: "deep",
  chunkBytes: 64 * KIB,
  streamBytes: 1024 * KIB,
  replayable: true,
} as const;
/** One is held, which shows that the registry counts right; the others are streamed; a few bytes are left. */
const LENGTHS: readonly number[] = lengthsOf(BLOB_SIZES.deep);
const note = notePushes();

function lengthsOf(size: number): readonly number[] {
  const lengths: number[] = [SKETCH.chunkBytes];
  for (let left = size - SKETCH.chunkBytes; left > 0; left -= lengths.at(-1) ?? 0) {
    lengths.push(Math.min(left, SKETCH.streamBytes));
  }
  return lengths;
}

type ChunkCut = readonly [nth: number, at: number];

const ENDS: readonly ChunkCut[] = LENGTHS
  .flatMap((length, i) => [0, 1, length - 1].map((at): ChunkCut => [i + 1, at]));
const INSIDE: readonly ChunkCut[] = spreadCuts(BLOB_SIZES.deep, isFull ? 200 : 12)
  .map((offset) => {
    const nth = LENGTHS.findIndex((_, i) => offset < startOf(i + 1)) + 1;
    return [nth, offset - startOf(nth - 1)];
  });

function startOf(index: number): number {
  return LENGTHS.slice(0, index).reduce((sum, length) => sum + length, 0);
}

function cutOf([nth, at]: ChunkCut): PushFault {
  const by = KINDS[at % 2] ?? "close";
  return { method: "PATCH", nth, action: { kind: "cut-request", at, by } };
}

describe.each(WAYS)("4 MiB + 17 in chunks of 1 MiB, streamed to a %s", (way) => {
  const sketch = { ...SKETCH, way };
  const most = mostAgain(SKETCH.streamBytes);
  const lane = createLanes(3);
  const push = (...faults: readonly PushFault[]): Promise<void> =>
    lane(async () => void note(await expectPushed(sketch, { faults }, most)));

  it.concurrent("arrives as it is, in the chunks that were meant", async () => {
    const { againBytes, seen } = await expectPushed(sketch);
    const ranges = seen.filter(({ method }) => method === "PATCH")
      .map(({ headers }) => headers["content-range"]);
    expect(againBytes).toBe(0);
    if (way !== "registry") return; // a door makes chunks of its own
    expect(ranges).toEqual(LENGTHS.map((length, i) => `${startOf(i)}-${startOf(i) + length - 1}`));
  });

  it.concurrent.each([...ENDS, ...INSIDE])("whose chunk %i is cut at byte %i", async (nth, at) => {
    await push(cutOf([nth, at]));
  });

  it.concurrent.each(ENDS.filter(([, at]) => isFull || at > 1))(
    "whose registry forgets chunk %i, cut at byte %i",
    async (nth, at) => {
      const plan = { host: "discards", faults: [cutOf([nth, at])] } as const;
      await lane(async () => void note(await expectPushed(sketch, plan, most)));
    },
  );

  it.concurrent.each(LENGTHS.map((_, i) => [i + 1, KINDS[i % 2] ?? "close"] as const))(
    "whose chunk %i is stored, the answer lost by %s",
    async (nth, by) => {
      await push({ method: "PATCH", nth, action: { kind: "drop", by } });
    },
  );

  // a door that is refused where it sends a stream on has nothing to send again, and says FORBIDDEN
  const refusals = [...(way === "registry" ? [401] : []), 404, 413, 416, 429, 500, 503].flatMap((
    status,
  ) => [true, false].map((early) => [status, early] as const));
  it.concurrent.each(refusals)("refused with %i, early %s", async (status, early) => {
    const faults = [{
      method: "PATCH",
      nth: 3,
      action: { kind: "answer", status, early },
    }] as const;
    const all = status === 404 ? BLOB_SIZES.deep : most; // it has forgotten the upload
    await lane(async () => void note(await expectPushed(sketch, { faults }, all)));
  });

  it.concurrent("outlives its tokens", async () => {
    const paced = { ...sketch, blob: "large", streamBytes: 512 * KIB, paceMs: 500 } as const;
    const startedAt = systemClock.now();
    const { seen, againBytes } = note(await expectPushed(paced, { host: "tokens" }, Infinity));
    const seconds = (systemClock.now() - startedAt) / 1000;
    const begun = seen.filter(({ method, status }) => method === "POST" && status === 202);
    expect(begun).toHaveLength(1);
    const isolates = way === "twin doors" ? 2 : 1;
    const tokens = new Set(seen.flatMap(({ headers }) => headers["authorization"] ?? []));
    expect(tokens.size).toBeGreaterThan(isolates);
    const refused = seen.filter(({ method, status }) => method === "PATCH" && status === 401);
    expect(refused.length).toBeLessThanOrEqual(isolates * Math.ceil(seconds / TOKEN_SECONDS));
    expect(againBytes).toBeLessThanOrEqual(refused.length * paced.streamBytes);
  });
});
