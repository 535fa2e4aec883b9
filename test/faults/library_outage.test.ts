import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { closePush, openPush, type PushPlan } from "./control.ts";
import { expectPushed, mostAgain, notePushes } from "./expect_pushed.ts";
import { digestOf, PUSH_WAYS, pushWithLibrary } from "./push.ts";

const faults = inject("faults");
const isFull = inject("full");
const KIB = 1024;
const DOWN_MS = isFull ? 400 : 120;
const WAYS = PUSH_WAYS.filter((way) => isFull || way !== "lone door");
const SKETCHES = [
  { blob: "large", chunkBytes: 256 * KIB },
  { blob: "deep", chunkBytes: 1536 * KIB },
] as const;
const note = notePushes();

/** The registry dies when a byte of a chunk, or the request that ends the upload, has arrived. */
function planOf(nth: number | "PUT", at: number, forgets: boolean): PushPlan {
  const stall = { kind: "cut-request", at, by: "stall" } as const;
  const lost = { kind: "drop", by: "stall" } as const;
  const fault = nth === "PUT"
    ? { method: "PUT", nth: 1, action: lost }
    : { method: "PATCH", nth, action: stall };
  return { host: "restarts", faults: [fault], outage: { downMs: DOWN_MS, forgets } };
}

describe.each(WAYS)("a registry that is killed and started again, behind a %s", (way) => {
  const tried = SKETCHES.filter(({ blob }) =>
    isFull || (blob === "large") === (way === "registry")
  );
  describe.each(tried)("$blob in chunks of $chunkBytes", (sketch) => {
    const { blob, chunkBytes } = sketch;
    const places = [[1, 0], [1, 1], [2, 0], [2, 100_000], [3, chunkBytes - 1], ["PUT", 0]] as const;
    const some = places.filter((_, i) => isFull || i % 2 === 1);

    it.each(some)("goes on where it was: %s, byte %i", async (nth, at) => {
      const plan = planOf(nth, at, false);
      note(await expectPushed({ way, ...sketch, chance: 0.9 }, plan));
    });

    it.each(some)("starts anew where it has forgotten all: %s, byte %i", async (nth, at) => {
      const before = nth === "PUT" ? BLOB_SIZES[blob] : (nth - 1) * chunkBytes + at;
      const push = { way, ...sketch, chance: 0.9, replayable: true };
      await expectPushed(push, planOf(nth, at, true), before + mostAgain(chunkBytes));
    });
  });

  it("that has forgotten all is an error to a stream, and nothing is left", async () => {
    const opened = await openPush(faults, planOf(2, 1000, true));
    const push = { way, ...opened, ...SKETCHES[0], chance: 0.9 };
    const pushed = await pushWithLibrary(faults, push);
    expect(pushed).toEqual({ outcome: undefined, code: "UPLOAD_FAILED" });
    const { count, uploads } = await closePush(faults, opened, await digestOf("large"));
    expect({ count, uploads }).toEqual({ count: 0, uploads: 0 });
  });
});
