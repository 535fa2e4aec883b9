import { describe, expect, it } from "vitest";
import { type ByteReader, verifiedStream } from "../../../src/verify/mod.ts";
import { bodyOf, digestOf, endless, scriptedReader, split } from "./support.ts";

const HELD = 64 * 1024;
const body = bodyOf(6 * HELD);
const digest = digestOf(body);
const size = body.length;

/** Let everything that can happen without more input happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

async function stateOf(promise: Promise<unknown>): Promise<string> {
  const pending = Symbol();
  await settle();
  return await Promise.race([promise, Promise.resolve(pending)])
    .then((value) => value === pending ? "pending" : "resolved", () => "rejected");
}

describe("verifiedStream", () => {
  it("resolves `verified` before its last bytes can be read", async () => {
    const stream = verifiedStream(scriptedReader(split(body, HELD)), { digest, size });
    const reader = stream.getReader();
    let length = 0;
    while (length < size) {
      expect(length <= size - HELD).toBe(true);
      length += (await reader.read()).value?.length ?? 0;
    }
    expect((await reader.read()).done).toBe(true);
    expect(await stateOf(stream.verified)).toBe("resolved");
  });

  it("reads one chunk before it is asked, and then one for each that is taken", async () => {
    const source = scriptedReader(split(body, HELD));
    const reader = verifiedStream(source, { digest, size }).getReader();
    await settle();
    expect(source.reads()).toBe(1);
    for (let taken = 1; taken <= 4; taken++) {
      await reader.read();
      await settle();
      expect(source.reads()).toBe(taken);
    }
  });

  it("copies chunks of a reader whose later connection uses its buffer again", async () => {
    const source = scriptedReader(split(body, HELD));
    const reader = {
      get owned(): boolean {
        return source.reads() === 0; // the first connection would have kept nothing
      },
      read: () => source.read(),
      cancel: (reason?: unknown) => source.cancel(reason),
    };
    const kept: Uint8Array[] = [];
    for await (const chunk of verifiedStream(reader, { digest, size })) kept.push(chunk);
    expect(Buffer.concat(kept).equals(body)).toBe(true);
  });

  it("is not verified when its consumer cancels, even just before the end", async () => {
    for (const taken of [0, 1, 5]) {
      const source = scriptedReader(split(body, HELD));
      const stream = verifiedStream(source, { digest, size });
      const reader = stream.getReader();
      for (let i = 0; i < taken; i++) await reader.read();
      const reason = new Error("enough");
      await reader.cancel(reason);
      await expect(stream.verified).rejects.toBe(reason);
      expect(source.cancelled()).toBe(reason);
    }
  });

  it("is not verified when its consumer breaks out of a loop", async () => {
    const source = scriptedReader(split(body, HELD));
    const stream = verifiedStream(source, { digest, size });
    for await (const chunk of stream) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await stateOf(stream.verified)).toBe("rejected");
    expect(source.cancelled()).toBeDefined();
  });

  it("is not verified when nobody reads on", async () => {
    const stream = verifiedStream(scriptedReader(split(body, HELD)), { digest, size });
    await stream.getReader().read();
    expect(await stateOf(stream.verified)).toBe("pending");
  });

  it("is not verified when it is cancelled while the source keeps silent", async () => {
    const silent: ByteReader = {
      read: () => new Promise<never>(() => {}),
      cancel: () => Promise.resolve(),
    };
    const stream = verifiedStream(silent, { digest, size });
    const reader = stream.getReader();
    const read = reader.read();
    await settle();
    await reader.cancel(new Error("gone"));
    await expect(stream.verified).rejects.toThrow("gone");
    expect((await read).done).toBe(true);
  });

  it("errors with the typed error instead of ending", async () => {
    const cases: [Uint8Array[], string][] = [
      [[...split(body, HELD), Uint8Array.of(1)], "BLOB_SIZE_MISMATCH"],
      [split(body.subarray(0, size - 1), HELD), "BLOB_SIZE_MISMATCH"],
      [[], "BLOB_SIZE_MISMATCH"],
      [split(bodyOf(size, 2), HELD), "DIGEST_MISMATCH"],
    ];
    for (const [chunks, code] of cases) {
      const stream = verifiedStream(scriptedReader(chunks), { digest, size });
      await expect(new Response(stream).arrayBuffer()).rejects.toMatchObject({ code });
      await expect(stream.verified).rejects.toMatchObject({ code });
    }
  });

  it("ends an endless body one chunk after its size", async () => {
    const source = scriptedReader(endless(body.subarray(0, HELD)));
    const stream = verifiedStream(source, { digest, size });
    await expect(new Response(stream).arrayBuffer()).rejects.toMatchObject({
      code: "BLOB_SIZE_MISMATCH",
    });
    expect(source.reads()).toBe(7);
  });

  it("rejects with the signal's reason, before the first read and between reads", async () => {
    for (const taken of [0, 2]) {
      const stop = new AbortController();
      const source = scriptedReader(split(body, HELD));
      const stream = verifiedStream(source, { digest, size, signal: stop.signal });
      const reader = stream.getReader();
      for (let i = 0; i < taken; i++) await reader.read();
      const reason = new Error("stop");
      stop.abort(reason);
      await expect(reader.read()).rejects.toBe(reason);
      await expect(stream.verified).rejects.toBe(reason);
      expect(source.cancelled()).toBe(reason);
    }
  });

  it("does not copy chunks that are its own to keep", async () => {
    const chunks = split(body, HELD);
    const source: ByteReader = {
      owned: true,
      read: () => Promise.resolve(chunks.shift()),
      cancel: () => Promise.resolve(),
    };
    const stream = verifiedStream(source, { digest, size });
    expect((await stream.getReader().read()).value?.buffer).toBe(body.buffer);
  });

  it("notices that its source was given up, though nobody reads", async () => {
    const source = Promise.withResolvers<never>();
    const reader: ByteReader = { read: () => source.promise, cancel: () => Promise.resolve() };
    const stream = verifiedStream(reader, { digest, size });
    source.reject(new Error("the caller left"));
    await expect(stream.verified).rejects.toThrow("the caller left");
  });

  it("refuses options that no body can meet, and closes the source", () => {
    const source = scriptedReader([body]);
    expect(() => verifiedStream(source, { digest, size: -1 })).toThrow(TypeError);
    expect(source.cancelled()).toBeInstanceOf(TypeError);
  });
});
