import { describe, expect, it } from "vitest";
import { wasmHasher } from "../../../src/hash/mod.ts";
import { discardSink, pumpVerified, readVerified, verifyBytes } from "../../../src/verify/mod.ts";
import { bodyOf, digestOf, scriptedReader, split } from "./support.ts";

const body = bodyOf(1000);
const digest = digestOf(body);

describe("verifyBytes", () => {
  it("accepts the right bytes, by sha256 and sha512, the empty ones too", async () => {
    for (const bytes of [body, new Uint8Array(0)]) {
      for (const algorithm of ["sha256", "sha512"] as const) {
        await verifyBytes(bytes, { digest: digestOf(bytes, algorithm), size: bytes.length });
        await verifyBytes(bytes, { digest: digestOf(bytes, algorithm), hasher: wasmHasher });
      }
    }
  });

  it("refuses any other, with what was expected and what came", async () => {
    const other = bodyOf(1000, 2);
    await expect(verifyBytes(other, { digest })).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
      details: { expected: digest, computed: digestOf(other) },
    });
    for (const size of [0, 999, 1001]) {
      await expect(verifyBytes(body, { digest, size })).rejects.toMatchObject({
        code: "BLOB_SIZE_MISMATCH",
        details: { expected: size, actual: 1000 },
      });
    }
    await expect(verifyBytes(body, { digest, maximum: 999 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    await expect(verifyBytes(body, { digest, size: NaN })).rejects.toThrow(TypeError);
  });
});

describe("readVerified", () => {
  it("gives the whole body, or the range of it", async () => {
    const whole = await readVerified(scriptedReader(split(body, 7)), { digest, maximum: 1000 });
    expect(digestOf(whole)).toBe(digest);
    const range = { start: 10, end: 19 };
    const part = await readVerified(scriptedReader([body]), { digest, maximum: 1000, range });
    expect(Array.from(part)).toEqual(Array.from(body.subarray(10, 20)));
  });

  it("stops past the maximum, and before the first read when the size is above it", async () => {
    const reader = scriptedReader(split(body, 100));
    await expect(readVerified(reader, { digest, maximum: 250 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { maximum: 250 },
    });
    expect(reader.reads()).toBe(3);
    const unread = scriptedReader([body]);
    await expect(readVerified(unread, { digest, size: 1000, maximum: 999 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    expect(unread.reads()).toBe(0);
  });
});

describe("discardSink", () => {
  it("verifies a body that nobody reads", async () => {
    await pumpVerified(scriptedReader([body]), discardSink, { digest });
    const wrong = pumpVerified(scriptedReader([body.subarray(1)]), discardSink, { digest });
    await expect(wrong).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });
});
