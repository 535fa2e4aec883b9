import { describe, expect, it } from "vitest";
import { createReadAhead } from "../../../src/verify/read_ahead.ts";

const KIB = 1024;

/** A stream that makes a chunk whenever it is asked, and counts them. */
function source(chunk: number, ending?: { after: number; error?: unknown }): {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly made: () => number;
  readonly cancelled: () => unknown;
} {
  let made = 0;
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (made !== ending?.after) controller.enqueue(new Uint8Array(chunk).fill(++made));
      else if ("error" in ending) controller.error(ending.error);
      else controller.close();
    },
    cancel: (reason) => void (cancelled = reason),
  }, { highWaterMark: 0 });
  return { reader: stream.getReader(), made: () => made, cancelled: () => cancelled };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("createReadAhead", () => {
  it("reads nothing before it is asked, then until it holds what it may", async () => {
    const { reader, made } = source(16 * KIB);
    const ahead = createReadAhead(reader);
    await settle();
    expect(made()).toBe(0);
    expect((await ahead.next(64 * KIB))?.[0]).toBe(1);
    await settle();
    expect(made()).toBe(5);
    await ahead.next(16 * KIB);
    await settle();
    expect(made()).toBe(5); // less room than is held: nothing more is read
    for (let i = 3; i <= 5; i++) expect((await ahead.next(16 * KIB))?.[0]).toBe(i);
    await settle();
    expect(made()).toBe(6);
  });

  it("hands out all that came before an error, then the error", async () => {
    const error = new Error("reset");
    const ahead = createReadAhead(source(KIB, { after: 3, error }).reader);
    const [first] = await ahead.next(64 * KIB) ?? [];
    await settle();
    const [second] = await ahead.next(64 * KIB) ?? [];
    const [third] = await ahead.next(64 * KIB) ?? [];
    expect([first, second, third]).toEqual([1, 2, 3]);
    await expect(ahead.next(64 * KIB)).rejects.toBe(error);
    await expect(ahead.next(64 * KIB)).rejects.toBe(error);
  });

  it("ends where the stream ends, and skips empty chunks", async () => {
    const parts = [new Uint8Array(0), Uint8Array.of(7), new Uint8Array(0)];
    const stream = new ReadableStream<Uint8Array>({
      start(controller): void {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
    const ahead = createReadAhead(stream.getReader());
    expect(await ahead.next(KIB)).toEqual(Uint8Array.of(7));
    expect(await ahead.next(KIB)).toBeUndefined();
    expect(await ahead.next(KIB)).toBeUndefined();
  });

  it("lets a waiting call go when it is cancelled", async () => {
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({
      cancel: (reason) => void (cancelled = reason),
    });
    const ahead = createReadAhead(stream.getReader());
    const waiting = ahead.next(KIB);
    const reason = new Error("enough");
    await ahead.cancel(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
  });

  it("drops what it holds when it is cancelled", async () => {
    const { reader, made, cancelled } = source(KIB);
    const ahead = createReadAhead(reader);
    await ahead.next(8 * KIB);
    await settle();
    const before = made();
    await ahead.cancel("enough");
    await settle();
    expect([made(), cancelled()]).toEqual([before, "enough"]);
    await expect(ahead.next(8 * KIB)).rejects.toBe("enough");
  });
});
