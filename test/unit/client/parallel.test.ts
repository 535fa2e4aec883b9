import { describe, expect, it } from "vitest";
import { inParallel } from "../../../src/client/parallel.ts";

const NUMBERS = Array.from({ length: 20 }, (_, i) => i);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("inParallel()", () => {
  it("does everything, in order of start, and never more at a time than told", async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel(NUMBERS, 3, undefined, async (n) => {
      started.push(n);
      most = Math.max(most, ++running);
      await turn();
      running--;
    });
    expect(started).toEqual(NUMBERS);
    expect(most).toBe(3);
  });

  it("aborts the rest at the first failure, waits for it, and throws that failure", async () => {
    let ended = 0;
    const done = inParallel(NUMBERS, 5, undefined, async (n, _, signal) => {
      await turn();
      if (n === 2) throw new Error("first");
      await turn();
      ended++;
      signal.throwIfAborted();
    });
    await expect(done).rejects.toThrow("first");
    expect(ended).toBe(4);
  });

  it("starts nothing once aborted, and throws the reason", async () => {
    const controller = new AbortController();
    const started: number[] = [];
    const done = inParallel(NUMBERS, 2, controller.signal, async (n) => {
      started.push(n);
      if (n === 3) controller.abort(new Error("enough"));
      await turn();
    });
    await expect(done).rejects.toThrow("enough");
    expect(started.length).toBeLessThanOrEqual(4);
    const aborted = AbortSignal.abort(new Error("before"));
    await expect(inParallel(NUMBERS, 2, aborted, turn)).rejects.toThrow("before");
  });

  it("has nothing to do with no items", async () => {
    await inParallel([], 5, undefined, () => Promise.reject(new Error("never")));
  });
});
