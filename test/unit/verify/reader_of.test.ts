import { describe, expect, it } from "vitest";
import { TidegateError } from "../../../src/core/mod.ts";
import { type ByteReader, readerOf, type ReaderOptions } from "../../../src/verify/mod.ts";
import { countReaders } from "../../../src/verify/read_size.ts";
import { bodyOf, type VirtualClock, virtualClock } from "./support.ts";

const STALL_MS = 1000;

interface Opened {
  readonly reader: ByteReader;
  readonly clock: VirtualClock;
  readonly controller: ReadableByteStreamController;
  readonly released: () => number;
  readonly cancelled: () => unknown;
}

/** A body that the test feeds by hand: a byte stream, or one of chunks. */
function open(options: Partial<ReaderOptions> & { bytes?: boolean } = {}): Opened {
  const { bytes = true, ...rest } = options;
  const clock = virtualClock();
  let released = 0;
  let cancelled: unknown;
  let controller: ReadableByteStreamController | undefined;
  const source: UnderlyingByteSource = {
    type: "bytes",
    start: (own) => void (controller = own),
    cancel: (reason) => void (cancelled = reason),
  };
  const body = new ReadableStream(
    bytes ? source : { ...source, type: undefined } as unknown as UnderlyingByteSource,
  );
  const response = {
    body,
    url: "https://registry.test/v2/a/blobs/x",
    release: () => void released++,
  };
  const reader = readerOf(response, { clock, stallMs: STALL_MS, ...rest });
  if (controller === undefined) throw new Error("The stream has not started");
  return { reader, clock, controller, released: () => released, cancelled: () => cancelled };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

describe.each([{ bytes: true }, { bytes: false }])("readerOf, byte stream: $bytes", (kind) => {
  it("gives the bytes, then undefined ever after, and releases the response once", async () => {
    const { reader, controller, released, clock } = open(kind);
    const live = countReaders();
    controller.enqueue(bodyOf(10));
    expect(Array.from(await reader.read() ?? [])).toEqual(Array.from(bodyOf(10)));
    const last = reader.read();
    await settle();
    controller.close();
    (controller as { byobRequest: { respond(n: number): void } | null }).byobRequest?.respond(0);
    expect(await last).toBeUndefined();
    expect(await reader.read()).toBeUndefined();
    await reader.cancel();
    expect([released(), clock.timers(), countReaders()]).toEqual([1, 0, live - 1]);
  });

  it("makes a broken connection a NETWORK_ERROR that names the origin alone", async () => {
    const { reader, controller, released } = open(kind);
    const read = reader.read();
    const cause = new TypeError("terminated");
    controller.error(cause);
    const error = await read.catch((error) => error);
    expect(error).toMatchObject({ code: "NETWORK_ERROR", cause });
    expect(error.details).toEqual({ origin: "https://registry.test", reason: "TypeError" });
    expect(error.message).not.toContain("blobs");
    await expect(reader.read()).rejects.toBe(error);
    expect(released()).toBe(1);
  });

  it("passes a typed error on as it is", async () => {
    const { reader, controller } = open(kind);
    const error = new TidegateError("LIMIT_EXCEEDED", "x", { limit: "total", maximum: 1 });
    controller.error(error);
    await expect(reader.read()).rejects.toBe(error);
  });

  it("ends a stall with NETWORK_TIMEOUT and closes the connection", async () => {
    const { reader, clock, released, cancelled } = open(kind);
    const read = reader.read();
    clock.advance(STALL_MS - 1);
    await settle();
    expect(released()).toBe(0);
    clock.advance(1);
    await expect(read).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { origin: "https://registry.test", phase: "body", milliseconds: STALL_MS },
    });
    expect(released()).toBe(1);
    expect(cancelled()).toBeInstanceOf(TidegateError);
  });

  it("counts only the time that a read waits, and from its own start", async () => {
    const { reader, controller, clock, released } = open(kind);
    for (let i = 0; i < 5; i++) {
      const read = reader.read();
      await settle();
      clock.advance(STALL_MS - 1);
      controller.enqueue(bodyOf(3));
      expect((await read)?.length).toBe(3);
      clock.advance(10 * STALL_MS); // the consumer takes its time
    }
    const read = reader.read();
    await settle();
    clock.advance(STALL_MS - 1);
    await settle();
    expect(released()).toBe(0);
    clock.advance(STALL_MS);
    await expect(read).rejects.toMatchObject({ code: "NETWORK_TIMEOUT" });
    expect(clock.timers()).toBe(0);
  });

  it("rejects with the signal's reason: before, during and after a read", async () => {
    for (const when of ["before", "during", "after"]) {
      const stop = new AbortController();
      const reason = new Error(when);
      if (when === "before") stop.abort(reason);
      const { reader, controller, released, cancelled } = open({ ...kind, signal: stop.signal });
      if (when === "after") {
        controller.enqueue(bodyOf(1));
        await reader.read();
        stop.abort(reason);
      }
      const read = reader.read();
      if (when === "during") stop.abort(reason);
      await expect(read).rejects.toBe(reason);
      await settle();
      expect([released(), cancelled()]).toEqual([1, reason]);
    }
  });

  it("closes the connection when cancelled, once, with a read waiting or not", async () => {
    for (const waiting of [true, false]) {
      const { reader, released, cancelled } = open(kind);
      const read = waiting ? reader.read() : Promise.reject(new Error("unread"));
      const reason = new Error("unread");
      await Promise.all([reader.cancel(reason), expect(read).rejects.toThrow("unread")]);
      await reader.cancel(new Error("again"));
      expect([released(), cancelled()]).toEqual([1, reason]);
      await expect(reader.read()).rejects.toBe(reason);
    }
  });
});

describe("readerOf", () => {
  it("takes no body for an empty one", async () => {
    let released = 0;
    const response = { body: null, url: "https://a.test/", release: () => void released++ };
    const reader = readerOf(response, { clock: virtualClock(), stallMs: 1 });
    expect(await reader.read()).toBeUndefined();
    await reader.cancel();
    expect(released).toBe(1);
  });

  it("refuses a body that is being read already", () => {
    const { body } = new Response("x");
    body?.getReader();
    const response = { body, url: "https://a.test/", release: () => {} };
    expect(() => readerOf(response, { clock: virtualClock(), stallMs: 1 })).toThrow(TypeError);
  });

  it("owns the chunks of a stream that has no byte reads, and no others", async () => {
    for (const bytes of [true, false]) {
      const { reader } = open({ bytes });
      expect(reader.owned).toBe(!bytes);
      await reader.cancel();
    }
  });
});
