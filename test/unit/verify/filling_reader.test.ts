import { describe, expect, it } from "vitest";
import { fillingReader, type FillingSource } from "../../../src/verify/mod.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const NAME = "/layers/one";

/** A source that counts how often it is closed, and fills as it is told. */
function sourceOf(fill: FillingSource["fill"]): FillingSource & { closed(): number } {
  let closed = 0;
  return {
    name: NAME,
    fill,
    close: () => Promise.resolve(void closed++),
    closed: () => closed,
  };
}

describe("fillingReader()", () => {
  it("gives what was filled, then the end, and closes", async () => {
    let left = 3;
    const source = sourceOf((buffer) => {
      if (left === 0) return Promise.resolve(0);
      buffer.fill(left, 0, left);
      return Promise.resolve(left--);
    });
    const reader = fillingReader(source);
    expect(await reader.read()).toEqual(Uint8Array.of(3, 3, 3));
    expect(await reader.read()).toEqual(Uint8Array.of(2, 2));
    expect(await reader.read()).toEqual(Uint8Array.of(1));
    expect(source.closed()).toBe(0);
    expect(await reader.read()).toBeUndefined();
    expect(source.closed()).toBeGreaterThan(0);
    expect(await reader.read()).toBeUndefined();
    await reader.cancel();
  });

  it("fails as the source does, from then on, and closes", async () => {
    const source = sourceOf(() => Promise.reject(new RangeError("EIO")));
    const reader = fillingReader(source);
    await expect(reader.read()).rejects.toThrow("EIO");
    await expect(reader.read()).rejects.toThrow("EIO");
    expect(source.closed()).toBeGreaterThan(0);
  });

  it("does not wait for a source that hangs when it is given up, and closes what opens late", async () => {
    let arrive = (_: number): void => {};
    const source = sourceOf(() => new Promise((resolve) => arrive = resolve));
    const reader = fillingReader(source);
    const read = reader.read();
    const cancelled = reader.cancel(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    await cancelled;
    const before = source.closed();
    arrive(10);
    await new Promise((resolve) => setTimeout(resolve));
    expect(source.closed()).toBeGreaterThan(before);
    await expect(reader.read()).rejects.toThrow("enough");
  });

  it("gives up what does not come for five minutes, and leaves no timer otherwise", async () => {
    const clock = createVirtualClock();
    const source = sourceOf(() => new Promise(() => {}));
    const failed = expect(clock.run(fillingReader(source, clock).read())).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { origin: NAME, milliseconds: 300_000 },
    });
    await failed;
    expect(source.closed()).toBe(1);
    await fillingReader(sourceOf(() => Promise.resolve(1)), clock).read();
    expect(clock.pending).toBe(0);
  });
});
