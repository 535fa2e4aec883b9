import { describe, expect, it } from "vitest";
import { type HasherFactory, TidegateError } from "../../../src/core/mod.ts";
import { createHasher } from "../../../src/hash/mod.ts";
import { type ByteSink, pumpVerified } from "../../../src/verify/mod.ts";
import { bodyOf, collectingSink, digestOf, endless, scriptedReader, split } from "./support.ts";

const HELD = 64 * 1024;
const body = bodyOf(3 * HELD + 17);
const digest = digestOf(body);
const size = body.length;

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => "verified", (error) => error.code ?? error);
}

describe("pumpVerified", () => {
  it.each([1000, 4096, HELD, HELD + 1, size])(
    "passes a body on whole, %i bytes a read",
    async (n) => {
      for (const known of [size, undefined]) {
        const sink = collectingSink();
        await pumpVerified(scriptedReader(split(body, n)), sink, { digest, size: known });
        expect(digestOf(sink.bytes())).toBe(digest);
        expect(sink.ending()).toBe("closed");
      }
    },
  );

  it.each([0, 1, HELD - 1, HELD, HELD + 1, HELD * 2, HELD * 2 + 1])(
    "passes a body of %i bytes on",
    async (length) => {
      const bytes = bodyOf(length);
      for (const known of [length, undefined]) {
        for (const algorithm of ["sha256", "sha512"] as const) {
          const sink = collectingSink();
          const options = { digest: digestOf(bytes, algorithm), size: known };
          await pumpVerified(scriptedReader(split(bytes, 10_007)), sink, options);
          expect(digestOf(sink.bytes())).toBe(digestOf(bytes));
          expect(sink.ending()).toBe("closed");
        }
      }
    },
  );

  it("holds the last 64 KiB back until the whole has been verified", async () => {
    for (const known of [size, undefined]) {
      for (const position of [0, size >> 1, size - 1]) {
        const flipped = body.slice();
        flipped[position] = (flipped[position] as number) ^ 1;
        const sink = collectingSink();
        const reader = scriptedReader(split(flipped, 5000));
        const pumped = pumpVerified(reader, sink, { digest, size: known });
        expect(await outcome(pumped)).toBe("DIGEST_MISMATCH");
        expect(sink.ending()).toBe("aborted");
        expect(sink.bytes().length).toBeLessThanOrEqual(size - HELD);
        expect(sink.bytes().length).toBeGreaterThan(size - 3 * HELD);
        expect(reader.cancelled()).toBeInstanceOf(TidegateError);
      }
    }
  });

  it("shows nothing of a body up to 64 KiB that does not verify", async () => {
    const small = bodyOf(HELD);
    for (const known of [HELD, undefined]) {
      const sink = collectingSink();
      const reader = scriptedReader(split(small, 999));
      expect(await outcome(pumpVerified(reader, sink, { digest, size: known })))
        .toBe("DIGEST_MISMATCH");
      expect(sink.bytes().length).toBe(0);
    }
  });

  it("stops at the first byte too many", async () => {
    const reader = scriptedReader(endless(body));
    const sink = collectingSink();
    expect(await outcome(pumpVerified(reader, sink, { digest, size }))).toBe("BLOB_SIZE_MISMATCH");
    expect(reader.reads()).toBe(2);
    expect(sink.ending()).toBe("aborted");
  });

  it.each([0, 1, size - HELD, size - 1])("refuses a body cut at %i", async (cut) => {
    const sink = collectingSink();
    const reader = scriptedReader(split(body.subarray(0, cut), 7000));
    expect(await outcome(pumpVerified(reader, sink, { digest, size }))).toBe("BLOB_SIZE_MISMATCH");
    expect(sink.ending()).toBe("aborted");
  });

  it("refuses the right bytes under another size", async () => {
    for (const wrong of [size - 1, size + 1, 0]) {
      const pumped = pumpVerified(scriptedReader([body]), collectingSink(), {
        digest,
        size: wrong,
      });
      expect(await outcome(pumped)).toBe("BLOB_SIZE_MISMATCH");
    }
  });

  it("ends an endless body of unknown size at the maximum", async () => {
    const reader = scriptedReader(endless(body));
    const pumped = pumpVerified(reader, collectingSink(), { digest, maximum: 10 * size });
    expect(await outcome(pumped)).toBe("LIMIT_EXCEEDED");
    expect(reader.reads()).toBe(11);
  });

  it("passes the source's error on at every byte of a small body", async () => {
    const small = bodyOf(50);
    const error = new Error("cut");
    for (let k = 0; k <= small.length; k++) {
      const sink = collectingSink();
      const reader = scriptedReader([...split(small.subarray(0, k), 7), error]);
      const pumped = pumpVerified(reader, sink, { digest: digestOf(small), size: small.length });
      expect(await outcome(pumped)).toBe(error);
      expect([sink.ending(), sink.bytes().length]).toEqual(["aborted", 0]);
    }
  });

  it("passes the sink's error on and closes the source", async () => {
    for (const failing of ["write", "close"] as const) {
      const error = new Error("disk full");
      const sink: ByteSink = { ...collectingSink(), [failing]: () => Promise.reject(error) };
      const reader = scriptedReader(split(body, HELD));
      expect(await outcome(pumpVerified(reader, sink, { digest, size }))).toBe(error);
      expect(reader.cancelled()).toBe(error);
    }
  });

  it("starts each write before it hashes, so that the two can overlap", async () => {
    const order: string[] = [];
    const hasher: HasherFactory = (algorithm) => {
      const inner = createHasher(algorithm);
      return { ...inner, update: (chunk) => (order.push("hash"), inner.update(chunk)) };
    };
    const sink: ByteSink = {
      ...collectingSink(),
      write: () => Promise.resolve(void order.push("write")),
    };
    await pumpVerified(scriptedReader([body]), sink, { digest, size, hasher });
    expect(order).toEqual(["write", "hash", "write"]);
  });

  it("shows no byte of a chunk that is too long", async () => {
    for (const limit of [{ size: size - 1 }, { maximum: size - 1 }]) {
      const sink = collectingSink();
      await outcome(pumpVerified(scriptedReader([body]), sink, { digest, ...limit }));
      expect(sink.bytes().length).toBe(0);
    }
  });

  it("passes a hasher's error on while a write fails, too", async () => {
    const error = new Error("no hash");
    const hasher: HasherFactory = (algorithm) => ({
      ...createHasher(algorithm),
      update: () => {
        throw error;
      },
    });
    const sink: ByteSink = { ...collectingSink(), write: () => Promise.reject(new Error("disk")) };
    const pumped = pumpVerified(scriptedReader([body]), sink, { digest, size, hasher });
    expect(await outcome(pumped)).toBe(error);
  });

  it("refuses options that no body can meet, before anything is read", async () => {
    const reader = scriptedReader([body]);
    for (
      const wrong of [{ size: -1 }, { size: 0.5 }, { maximum: NaN }, {
        range: { start: 2, end: 1 },
      }, { size: 5, range: { start: 0, end: 5 } }]
    ) {
      await expect(pumpVerified(reader, collectingSink(), { digest, ...wrong }))
        .rejects.toThrow(TypeError);
    }
    expect(reader.reads()).toBe(0);
    expect(reader.cancelled()).toBeInstanceOf(TypeError);
  });
});
