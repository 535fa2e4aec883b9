import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSocketBody, type SocketBody } from "../../../src/cli/socket_body_node.ts";

/** A body, and a socket that sends chunks as long as it is let. */
function feed(length: number, chunks: readonly Uint8Array<ArrayBuffer>[], ending?: Error): {
  readonly body: SocketBody;
  readonly destroyed: () => number;
  /** Whether the socket may go on. */
  readonly isReading: () => boolean;
} {
  const left = [...chunks];
  const reused = new Uint8Array(64 * 1024);
  let destroyed = 0;
  let isReading = false;
  const send = (): void => {
    isReading = true;
    while (isReading && destroyed === 0) {
      const chunk = left.shift();
      if (chunk === undefined) {
        if (ending !== undefined) body.end(ending);
        return;
      }
      reused.set(chunk);
      isReading = body.take(reused.subarray(0, chunk.length));
      reused.fill(0xee);
    }
  };
  const body: SocketBody = createSocketBody(length, {
    resume: () => isReading || setImmediate(send),
    destroy: () => void destroyed++,
  });
  return { body, destroyed: () => destroyed, isReading: () => isReading };
}

const CUT = new TypeError("cut");

function counted(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * 7 % 251);
}

/** Split bytes into chunks of these lengths, again and again. */
function split(
  bytes: Uint8Array<ArrayBuffer>,
  lengths: readonly number[],
): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** Read with buffers of one's own, of these lengths, to the end. */
async function readByob(body: SocketBody, views: readonly number[]): Promise<Uint8Array> {
  const reader = body.stream.getReader({ mode: "byob" });
  const all: number[] = [];
  for (let i = 0;; i++) {
    const { done, value } = await reader.read(new Uint8Array(views[i % views.length] ?? 1));
    if (value !== undefined) all.push(...value);
    if (done) return Uint8Array.from(all);
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 6 });

describe("createSocketBody()", () => {
  it("hands out what came, however it came and is read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20_000), lengths, lengths, async (length, chunks, views) => {
        const bytes = counted(length);
        const { body, destroyed } = feed(length, split(bytes, chunks));
        expect(await readByob(body, views)).toEqual(bytes);
        expect(destroyed()).toBe(1);
      }),
    );
  });

  it("drops what comes beyond its length", async () => {
    const { body } = feed(1000, split(counted(3000), [700]));
    expect(await readByob(body, [400])).toEqual(counted(3000).slice(0, 1000));
  });

  it("tells that it broke only after all that came", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(9000), lengths, lengths, async (length, chunks, views) => {
        const bytes = counted(length);
        const { body, destroyed } = feed(9001, split(bytes, chunks), CUT);
        const reader = body.stream.getReader({ mode: "byob" });
        const all: number[] = [];
        const failure = await (async () => {
          for (let i = 0;; i++) {
            const { value } = await reader.read(new Uint8Array(views[i % views.length] ?? 1));
            all.push(...value ?? []);
          }
        })().catch((error: unknown) => error);
        expect(failure).toBe(CUT);
        expect(Uint8Array.from(all)).toEqual(bytes);
        expect(destroyed()).toBe(1);
      }),
    );
  });

  it("reads for who brings no buffer, and is empty without bytes", async () => {
    const bytes = counted(300_000);
    const { body } = feed(bytes.length, split(bytes, [60_000]));
    expect(await new Response(body.stream).bytes()).toEqual(bytes);
    const empty = feed(0, []);
    expect(await new Response(empty.body.stream).bytes()).toEqual(new Uint8Array(0));
    expect(empty.destroyed()).toBe(1);
  });

  it("takes nothing while nobody reads", async () => {
    const { body, isReading } = feed(100_000, split(counted(100_000), [10_000]));
    const reader = body.stream.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(15_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isReading()).toBe(false);
    await reader.cancel();
  });

  it("gathers what comes at once: TLS gives 16 KiB at a time", async () => {
    const { body } = feed(160_000, split(counted(160_000), [16_000]));
    const reader = body.stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(160_000));
    expect(value?.length).toBe(160_000);
  });

  it("ends a read that wants more than there is", async () => {
    const { body } = feed(5, split(counted(5), [2]));
    const reader = body.stream.getReader({ mode: "byob" });
    const read: (
      view: Uint8Array,
      how: { readonly min: number },
    ) => ReturnType<typeof reader.read> = reader.read.bind(reader);
    const { value } = await read(new Uint8Array(10), { min: 10 });
    expect([value, (await reader.read(new Uint8Array(1))).done]).toEqual([counted(5), true]);
  });

  it("fails when the socket does not stop, before it holds much", async () => {
    const { body, destroyed } = feed(10 ** 9, []);
    const piece = new Uint8Array(32 * 1024);
    for (let i = 0; i < 32; i++) expect(body.take(piece)).toBe(false);
    expect(destroyed()).toBe(0);
    expect(body.take(piece)).toBe(false);
    expect(destroyed()).toBe(1);
    await expect(new Response(body.stream).bytes()).rejects.toThrow(TypeError);
  });

  it("tells of an abort before what came", async () => {
    const { body } = feed(100, []);
    body.take(counted(50));
    body.abort(CUT);
    await expect(new Response(body.stream).bytes()).rejects.toBe(CUT);
  });

  it("lets go of the socket when it is cancelled, with a read under way or not", async () => {
    for (const isReading of [false, true]) {
      const { body, destroyed } = feed(10, []);
      const reader = body.stream.getReader({ mode: "byob" });
      const read = isReading ? reader.read(new Uint8Array(5)) : undefined;
      await reader.cancel();
      if (read !== undefined) expect(await read).toMatchObject({ done: true });
      expect(destroyed()).toBe(1);
      expect(body.take(counted(10))).toBe(false);
      body.end(CUT);
    }
  });
});
