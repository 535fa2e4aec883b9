import { describe, expect, it } from "vitest";
import {
  pumpUnverified,
  readUnverified,
  unverifiedStream,
} from "../../../src/client/unverified_stream.ts";
import type { ByteReader } from "../../../src/verify/mod.ts";

/** Gives three chunks in one buffer that is used again, as BYOB readers do. */
function reader(): ByteReader & { reasons: unknown[] } {
  const buffer = new Uint8Array(2);
  const reasons: unknown[] = [];
  let left = 3;
  return {
    reasons,
    read(): Promise<Uint8Array | undefined> {
      if (left === 0) return Promise.resolve(undefined);
      return Promise.resolve(buffer.fill(left--));
    },
    cancel: (reason) => Promise.resolve(void reasons.push(reason)),
  };
}

const ALL = Uint8Array.from([3, 3, 2, 2, 1, 1]);

describe("unverifiedStream()", () => {
  it("gives what comes, copied out of the buffer that is used again", async () => {
    const bytes = await new Response(unverifiedStream(reader())).arrayBuffer();
    expect(new Uint8Array(bytes)).toEqual(ALL);
  });

  it("passes a cancel on", async () => {
    const source = reader();
    await unverifiedStream(source).cancel("enough");
    expect(source.reasons).toEqual(["enough"]);
  });
});

describe("readUnverified()", () => {
  it("gives all up to its cap, and cancels past it", async () => {
    expect(await readUnverified(reader(), 6)).toEqual(ALL);
    const source = reader();
    await expect(readUnverified(source, 5)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(source.reasons).toHaveLength(1);
  });
});

describe("pumpUnverified()", () => {
  it("stops both ends when one fails, and passes the failure on", async () => {
    const source = reader();
    const aborted: unknown[] = [];
    const sink = {
      write: () => Promise.reject(new Error("disk full")),
      close: () => Promise.resolve(),
      abort: (reason: unknown) => Promise.resolve(void aborted.push(reason)),
    };
    await expect(pumpUnverified(source, sink)).rejects.toThrow("disk full");
    expect(source.reasons).toEqual(aborted);
    expect(aborted).toHaveLength(1);
  });
});
