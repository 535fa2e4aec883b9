import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isTidegateError, systemClock } from "../../src/core/mod.ts";
import { digestBytes } from "../../src/hash/mod.ts";
import { type Digest, formatDigest } from "../../src/reference/mod.ts";
import { openBody } from "../../src/verify/body_source.ts";
import { tryFixedLengthStream } from "../../src/verify/fixed_length_workerd.ts";
import { type ByteReader, readerOf, readVerified, verifiedStream } from "../../src/verify/mod.ts";
import { joinReaders, type LiveReader } from "../../src/verify/read_size.ts";

const agent = globalThis.navigator?.userAgent ?? "Node.js";
const isWorkerd = agent === "Cloudflare-Workers";
const isDeno = agent.startsWith("Deno/");
const isBun = agent.startsWith("Bun/");

const body = Uint8Array.from({ length: 3_000_017 }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
const size = body.length;

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  return formatDigest("sha256", await digestBytes("sha256", bytes));
}

function readerFor(bytes: Uint8Array<ArrayBuffer>): ByteReader {
  const response = new Response(bytes);
  return readerOf({ body: response.body, url: "https://registry.test/v2/", release: () => {} }, {
    clock: systemClock,
    stallMs: 10_000,
    sizeHint: bytes.length,
  });
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => "done", (error) => isTidegateError(error) ? error.code : error);
}

/** Others that read meanwhile: on workerd a crowd goes through the native pipe. */
const crowd: LiveReader[] = [];

afterEach(() => {
  for (const other of crowd.splice(0)) other.leave();
});

describe.each([0, 8])(`verify on ${agent}, beside %i others`, (others) => {
  beforeEach(() => {
    for (let i = 0; i < others; i++) crowd.push(joinReaders(systemClock.now()));
  });

  it("openBody() takes the fastest way that the runtime has", () => {
    const inMemory = openBody(new Response(body).body as ReadableStream<Uint8Array>);
    expect(inMemory.kind).toBe(isWorkerd ? "at-least" : isBun || isDeno ? "default" : "byob");
    const bytes = openBody(new ReadableStream({ type: "bytes" }));
    expect(bytes.kind).toBe(isWorkerd ? "at-least" : "byob");
    expect(openBody(new ReadableStream<Uint8Array>()).kind).toBe("default");
  });

  it("tryFixedLengthStream() is there on workerd alone", () => {
    expect(tryFixedLengthStream(1) !== undefined).toBe(isWorkerd);
  });

  it("verifiedStream() passes a body of known and of unknown size on", async () => {
    const digest = await digestOf(body);
    for (const known of [size, undefined]) {
      const stream = verifiedStream(readerFor(body), { digest, size: known });
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      expect(await digestOf(bytes)).toBe(digest);
      await stream.verified;
    }
  });

  it("verifiedStream() never ends a body with one bit flipped", async () => {
    const digest = await digestOf(body);
    for (const position of [0, size >> 1, size - 1]) {
      const flipped = body.slice();
      flipped[position] = (flipped[position] as number) ^ 0x10;
      for (const known of [size, undefined]) {
        const stream = verifiedStream(readerFor(flipped), { digest, size: known });
        const whole = new Response(stream).arrayBuffer();
        await expect(whole).rejects.toThrow();
        expect(await codeOf(stream.verified)).toBe("DIGEST_MISMATCH");
      }
    }
  });

  it("verifiedStream() passes a range on and withholds its end", async () => {
    const digest = await digestOf(body);
    const range = { start: 1_000_001, end: 2_000_000 };
    const stream = verifiedStream(readerFor(body), { digest, size, range });
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    expect(await digestOf(bytes)).toBe(await digestOf(body.subarray(1_000_001, 2_000_001)));
    const flipped = body.slice();
    flipped[size - 1] = (flipped[size - 1] as number) ^ 1;
    const wrong = verifiedStream(readerFor(flipped), { digest, size, range });
    await expect(new Response(wrong).arrayBuffer()).rejects.toThrow();
  });

  it("verifiedStream() that is cancelled was never verified", async () => {
    const digest = await digestOf(body);
    const stream = verifiedStream(readerFor(body), { digest, size });
    const reader = stream.getReader();
    expect((await reader.read()).value?.length).toBeGreaterThan(0);
    await reader.cancel(new Error("enough"));
    expect(await codeOf(stream.verified)).not.toBe("done");
  });

  it("readVerified() gives the bytes, the empty body too", async () => {
    for (const bytes of [body, new Uint8Array(0), body.slice(0, 1)]) {
      const digest = await digestOf(bytes);
      const read = await readVerified(readerFor(bytes), { digest, maximum: size });
      expect(await digestOf(read)).toBe(digest);
    }
    const tooLong = readVerified(readerFor(body), { digest: await digestOf(body), maximum: 99 });
    expect(await codeOf(tooLong)).toBe("LIMIT_EXCEEDED");
  });
});
