import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/mod.ts";
import { readAhead } from "../../../src/front/read_ahead.ts";
import type { ByteReader } from "../../../src/verify/mod.ts";

/** Gives chunks of the lengths out of one buffer that is used again, as workerd's reads do. */
function reusingReader(lengths: readonly number[]): ByteReader {
  const buffer = new Uint8Array(Math.max(0, ...lengths));
  let next = 0;
  return {
    read: () => {
      const length = lengths[next];
      if (length === undefined) return Promise.resolve(undefined);
      buffer.fill(++next);
      return Promise.resolve(buffer.subarray(0, length));
    },
    cancel: () => Promise.resolve(),
  };
}

async function drain(reader: ByteReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    expect(chunk.length).toBeGreaterThan(0);
    parts.push(chunk.slice());
  }
  return concatBytes(parts);
}

describe("readAhead()", () => {
  it.each<[readonly number[], number | undefined]>([
    [[], 0],
    [[10], 10],
    [[4, 6], 10],
    [[4, 7], undefined],
    [[11], undefined],
    [[4, 4, 4, 4, 4], undefined],
  ])("of chunks of %j, up to 10 bytes: size %s, and every byte again", async (lengths, size) => {
    const ahead = await readAhead(reusingReader(lengths), 10);
    expect(ahead.size).toBe(size);
    expect(await drain(ahead.reader)).toEqual(await drain(reusingReader(lengths)));
  });

  it("fails as the reader does", async () => {
    const reader = { ...reusingReader([]), read: () => Promise.reject(new Error("broken")) };
    await expect(readAhead(reader, 10)).rejects.toThrow("broken");
  });
});
