import { describe, expect, it, vi } from "vitest";
import { systemClock, systemRandom } from "../../../src/core/mod.ts";
import { createTestClock } from "../../support/test_clock.ts";

describe("systemClock", () => {
  it("tells the time and waits", async () => {
    const before = Date.now();
    await systemClock.sleep(1);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it("rejects with the signal's reason when aborted before or while sleeping", async () => {
    const reason = new Error("stop");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });

  it("calls back once, or never when cancelled, and takes waits longer than timers can hold", () => {
    vi.useFakeTimers();
    try {
      const callback = vi.fn();
      systemClock.after(10.5, callback);
      systemClock.after(5, callback)();
      vi.advanceTimersByTime(10);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(callback).toHaveBeenCalledTimes(1);
      const late = vi.fn();
      const cancel = systemClock.after(2 ** 40, late);
      vi.advanceTimersByTime(1000);
      expect(late).not.toHaveBeenCalled();
      cancel();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("sleep()", () => {
  it("leaves no listener on the signal", async () => {
    const clock = createTestClock();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const sleeping = clock.sleep(50, signal);
    clock.advance(50);
    await sleeping;
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe("systemRandom", () => {
  it("gives numbers in [0, 1) and as many bytes as asked for", () => {
    const float = systemRandom.float();
    expect(float >= 0 && float < 1).toBe(true);
    expect(systemRandom.bytes(32)).toHaveLength(32);
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
  });
});
