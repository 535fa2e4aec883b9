import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import type { PushFault } from "./control.ts";
import { createLanes, expectPushed, notePushes } from "./expect_pushed.ts";
import { spreadCuts } from "./matrix.ts";
import { PUSH_WAYS } from "./push.ts";

const isFull = inject("full");
const KIB = 1024;
const KINDS = ["close", "reset"] as const;
const WAYS = PUSH_WAYS.filter((way) => isFull || way !== "lone door");
const UPLOADS = { path: "blobs/uploads/*" };
const note = notePushes();

/** A chunk, and a byte of it. */
type ChunkCut = readonly [nth: number, at: number];

/** The first bytes of each chunk and its last. */
function endCuts(size: number, chunkBytes: number): readonly ChunkCut[] {
  const chunks = Math.ceil(size / chunkBytes);
  return Array.from({ length: chunks }, (_, i) => i + 1).flatMap((nth) => {
    const length = Math.min(chunkBytes, size - (nth - 1) * chunkBytes);
    return [0, 1, length - 1].map((at): ChunkCut => [nth, at]);
  });
}

/** Places inside of chunks, spread over the blob. */
function insideCuts(size: number, chunkBytes: number, count: number): readonly ChunkCut[] {
  return spreadCuts(size, count)
    .map((at): ChunkCut => [Math.floor(at / chunkBytes) + 1, at % chunkBytes]);
}

function cutOf([nth, at]: ChunkCut): PushFault {
  const by = KINDS[at % 2] ?? "close";
  return { method: "PATCH", nth, action: { kind: "cut-request", at, by } };
}

describe.each(WAYS)("1 MiB + 17 in chunks to a %s", (way) => {
  const sketch = { way, blob: "large", chunkBytes: 256 * KIB } as const;
  const { chunkBytes } = sketch;
  const lane = createLanes(4);
  const push = (...faults: readonly PushFault[]): Promise<void> =>
    lane(async () => void note(await expectPushed(sketch, { faults })));

  it.concurrent("arrives as it is", async () => {
    expect((await expectPushed(sketch)).againBytes).toBe(0);
  });

  const ends = endCuts(BLOB_SIZES.large, chunkBytes)
    .filter(([nth]) => isFull || nth !== 3 && nth !== 4);
  const inside = insideCuts(BLOB_SIZES.large, chunkBytes, isFull ? 200 : 6);
  it.concurrent.each([...ends, ...inside])("whose chunk %i is cut at byte %i", async (nth, at) => {
    await push(cutOf([nth, at]));
  });

  const forgotten = ends.filter(([, at]) => isFull || at > 1);
  it.concurrent.each(forgotten)(
    "whose registry forgets chunk %i, cut at byte %i",
    async (nth, at) => {
      const plan = { host: "discards", faults: [cutOf([nth, at])] } as const;
      await lane(async () => void note(await expectPushed(sketch, plan)));
    },
  );

  const answers = [1, 2, 3, 4, 5]
    .flatMap((nth) => KINDS.map((by) => [nth, by] as const))
    .filter((_, i) => isFull || i % 3 === 0);
  it.concurrent.each(answers)(
    "whose chunk %i is stored, the answer lost by %s",
    async (nth, by) => {
      await push({ method: "PATCH", nth, action: { kind: "drop", by } });
    },
  );

  const requests = ["POST", "PUT"].flatMap((method) =>
    KINDS.flatMap((by) => [true, false].map((unseen) => [method, by, unseen] as const))
  );
  it.concurrent.each(requests)("whose %s is lost by %s, unseen %s", async (method, by, unseen) => {
    await push({ method, nth: 1, ...UPLOADS, action: { kind: "drop", by, unseen } });
  });
});

describe.each(WAYS)("4 MiB + 17 in chunks that doors pass on as streams to a %s", (way) => {
  const sketch = { way, blob: "deep", chunkBytes: 1536 * KIB } as const;
  const lane = createLanes(3);
  const size = BLOB_SIZES.deep;
  const cuts = isFull
    ? [...endCuts(size, sketch.chunkBytes), ...insideCuts(size, sketch.chunkBytes, 200)]
    : [...endCuts(size, sketch.chunkBytes).slice(0, 5), ...insideCuts(size, sketch.chunkBytes, 3)];
  it.concurrent.each(cuts)("whose chunk %i is cut at byte %i", async (nth, at) => {
    await lane(async () => void note(await expectPushed(sketch, { faults: [cutOf([nth, at])] })));
  });

  it.concurrent.each(isFull ? [1, 2, 3] : [2])(
    "whose chunk %i is stored, the answer lost",
    async (nth) => {
      const faults = [{ method: "PATCH", nth, action: { kind: "drop", by: "reset" } }] as const;
      await lane(async () => void note(await expectPushed(sketch, { faults })));
    },
  );
});

describe.each(isFull ? WAYS : [])("64 MiB + 17 in chunks to a %s", (way) => {
  const sketch = { way, blob: "huge", chunkBytes: 4 * KIB * KIB } as const;
  it.each(insideCuts(BLOB_SIZES.huge, sketch.chunkBytes, 200))(
    "whose chunk %i is cut at byte %i",
    async (nth, at) => {
      note(await expectPushed(sketch, { faults: [cutOf([nth, at])] }));
    },
  );
});
