import { afterAll, expect, inject } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { closePush, openPush, type PushOutcome, type PushPlan } from "./control.ts";
import { digestOf, type PushTask, pushWithLibrary } from "./push.ts";

/** A push before it has a repository. */
export type PushSketch = Omit<PushTask, "host" | "repository">;

/** What a push that went well came to. */
export interface Pushed extends PushOutcome {
  /** Bytes of bodies that arrived beyond those of the blob. */
  readonly againBytes: number;
}

/** Bytes that may be sent again for each cut: a chunk, and 1 %. */
export function mostAgain(chunkBytes: number): number {
  return Math.ceil(chunkBytes * 1.01);
}

/**
 * Push where something goes wrong, and hold the end against the promise: the blob is there and right,
 * as the registry's own store tells, nothing is left open, and hardly a chunk was sent twice.
 *
 * @param most Most bytes to arrive again. Default is a chunk and 1 %.
 */
export async function expectPushed(
  sketch: PushSketch,
  plan: PushPlan = {},
  most: number = mostAgain(sketch.chunkBytes),
): Promise<Pushed> {
  const faults = inject("faults");
  const digest = await digestOf(sketch.blob);
  const opened = await openPush(faults, plan);
  const pushed = await pushWithLibrary(faults, { ...opened, ...sketch });
  const outcome = await closePush(faults, opened, digest);
  expect({ ...pushed, stored: outcome.stored }).toEqual({
    ...{ outcome: "uploaded", code: undefined, stored: digest },
  });
  const againBytes = outcome.arrivedBytes - BLOB_SIZES[sketch.blob];
  expect(againBytes, "sent again").toBeLessThanOrEqual(most);
  return { ...outcome, againBytes };
}

/** Print the most that was sent again in a file's cases, once they have all run. */
export function notePushes(): (one: Pushed) => Pushed {
  const all: number[] = [];
  afterAll(() => {
    console.log(`sent again in ${all.length} pushes: at most ${Math.max(0, ...all)} bytes`);
  });
  return (one) => {
    all.push(one.againBytes);
    return one;
  };
}

/** Work that is done so many at a time: a door's breaker must not see all break at once. */
export function createLanes(count: number): (work: () => Promise<void>) => Promise<void> {
  const lanes: Promise<void>[] = Array.from({ length: count }, () => Promise.resolve());
  let next = 0;
  return (work) => {
    const lane = next++ % count;
    const done = (lanes[lane] as Promise<void>).then(work);
    lanes[lane] = done.catch(() => {});
    return done;
  };
}
