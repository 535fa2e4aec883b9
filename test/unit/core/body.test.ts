import { describe, expect, it, vi } from "vitest";
import {
  platformFetch,
  readCapped,
  type ReadCappedOptions,
  withDeadline,
} from "../../../src/core/mod.ts";
import { createTestClock } from "../../support/test_clock.ts";

const clock = createTestClock();
const options: ReadCappedOptions = {
  what: "manifest",
  maximum: 10,
  origin: "https://r.example",
  clock,
  stallMs: 1000,
};

function bodyOf(
  ...parts: number[]
): { body: ReadableStream<Uint8Array>; cancel: ReturnType<typeof vi.fn> } {
  const cancel = vi.fn();
  const queue = [...parts];
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      const length = queue.shift();
      if (length === undefined) controller.close();
      else controller.enqueue(new Uint8Array(length).fill(7));
    },
    cancel,
  }, { highWaterMark: 0 });
  return { body, cancel };
}

describe("readCapped()", () => {
  it("reads no body, an empty one and one in pieces", async () => {
    expect(await readCapped(null, options)).toEqual(new Uint8Array(0));
    expect(await readCapped(bodyOf().body, options)).toEqual(new Uint8Array(0));
    expect(await readCapped(bodyOf(3, 0, 7).body, options)).toEqual(new Uint8Array(10).fill(7));
  });

  it("refuses one byte more than the cap, and cancels what is left", async () => {
    const { body, cancel } = bodyOf(5, 6, 100);
    await expect(readCapped(body, options)).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: "The manifest is longer than 10 bytes",
      details: { limit: "manifest", maximum: 10 },
    });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it("ends an endless body at the cap", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
    });
    await expect(readCapped(endless, options)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("gives up when nothing comes for the stall time", async () => {
    const cancel = vi.fn();
    const reading = readCapped(new ReadableStream({ cancel }), options);
    await Promise.resolve();
    clock.advance(999);
    clock.advance(1);
    await expect(reading).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { phase: "body", milliseconds: 1000, origin: "https://r.example" },
    });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it("gives up on a body that trickles, however regularly", async () => {
    const trickle = new ReadableStream<Uint8Array>({
      pull(controller): void {
        clock.advance(900);
        controller.enqueue(new Uint8Array(1));
      },
    }, { highWaterMark: 0 });
    await expect(readCapped(trickle, { ...options, maximum: 1e6 })).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { phase: "total", milliseconds: 10_000 },
    });
  });

  it("types a broken connection and keeps its cause", async () => {
    const cause = new TypeError("terminated");
    const broken = new ReadableStream<Uint8Array>({ start: (c) => c.error(cause) });
    await expect(readCapped(broken, options)).rejects.toMatchObject({
      code: "NETWORK_ERROR",
      cause,
      details: { reason: "TypeError" },
    });
    const odd = new ReadableStream<Uint8Array>({ start: (c) => c.error("text") });
    await expect(readCapped(odd, options)).rejects.toMatchObject({
      details: { reason: "unknown" },
    });
  });

  it("rejects with the signal's reason, before and while reading", async () => {
    const reason = new Error("stop");
    const aborted = { ...options, signal: AbortSignal.abort(reason) };
    await expect(readCapped(bodyOf(1).body, aborted)).rejects.toBe(reason);
    const controller = new AbortController();
    const reading = readCapped(new ReadableStream(), { ...options, signal: controller.signal });
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});

describe("withDeadline()", () => {
  it("leaves no rejection unhandled when the signal was aborted before", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      const reason = new Error("stop");
      const read = Promise.reject(new TypeError("terminated"));
      const aborted = { ...options, signal: AbortSignal.abort(reason) };
      await expect(withDeadline(read, aborted)).rejects.toBe(reason);
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  it("stops the timer and forgets the signal once the read has ended", async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const stop = vi.fn();
    const counting = { ...clock, after: () => stop };
    expect(await withDeadline(Promise.resolve(5), { ...options, clock: counting, signal })).toBe(5);
    expect(stop).toHaveBeenCalledTimes(1);
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe("platformFetch", () => {
  it("looks the runtime's fetch up at each call", async () => {
    const response = new Response("x");
    const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
    try {
      const request = new Request("https://r.example/");
      expect(await platformFetch(request)).toBe(response);
      expect(fetch).toHaveBeenCalledWith(request);
    } finally {
      fetch.mockRestore();
    }
  });
});
