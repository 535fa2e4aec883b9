import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex, type SavableHasher } from "../../../src/core/mod.ts";
import { createLaneHashers } from "../../../src/hash/lanes.ts";
import { wasmHasher } from "../../../src/hash/mod.ts";
import { readMessages } from "./nist_vectors.ts";

const SOURCE = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 197) ^ (i >>> 7));

function reference(message: Uint8Array): string {
  return createHash("sha256").update(message).digest("hex");
}

async function digestOf(hasher: SavableHasher): Promise<string> {
  return encodeHex(await hasher.digest());
}

/** A stream: pieces, the state handed on to a hasher of either kind after those that say so. */
const stream = fc.record({
  start: fc.nat(1000),
  pieces: fc.array(
    fc.record({
      length: fc.oneof(fc.nat(200), fc.integer({ min: 4000, max: 90_000 })),
      handOn: fc.constantFrom(undefined, undefined, undefined, "lanes", "wasm"),
    }),
    { maxLength: 8 },
  ),
});

describe("createLaneHashers()", () => {
  it("gives NIST's digests, alone and side by side", async () => {
    const create = createLaneHashers();
    const vectors = [...readMessages("SHA256ShortMsg"), ...readMessages("SHA256LongMsg")];
    await Promise.all(vectors.map(async ({ digest, message }) => {
      const hasher = create("sha256");
      await hasher.update(message);
      expect(await digestOf(hasher)).toBe(digest);
    }));
  });

  it("agrees with node:crypto for any streams at a time, their states handed to and fro", async () => {
    const create = createLaneHashers();
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 9 }), async (streams) => {
        await Promise.all(streams.map(async ({ pieces, start }) => {
          let hasher = create("sha256");
          let at = start;
          for (const { handOn, length } of pieces) {
            await hasher.update(SOURCE.subarray(at, at += length));
            if (handOn === undefined) continue;
            const next = (handOn === "wasm" ? wasmHasher : create)("sha256");
            next.importState(hasher.exportState());
            hasher = next;
          }
          expect(await digestOf(hasher)).toBe(reference(SOURCE.subarray(start, at)));
        }));
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 3, 4, 5, 9])("%i streams of unequal pieces all end", async (count) => {
    const create = createLaneHashers();
    await Promise.all(Array.from({ length: count }, async (_, i) => {
      const hasher = create("sha256");
      const piece = 20_000 + 61_111 * i;
      for (let at = 0; at < SOURCE.length; at += piece) {
        await hasher.update(SOURCE.subarray(at, at + piece));
      }
      expect(await digestOf(hasher)).toBe(reference(SOURCE));
    }));
  });

  it("takes all that it was given into account, waited for or not", async () => {
    const create = createLaneHashers();
    const [first, second] = [create("sha256"), create("sha256")];
    const updates = [0, 1, 2].map((i) =>
      first.update(SOURCE.subarray(i * 50_001, (i + 1) * 50_001))
    );
    second.importState(first.exportState());
    const wanted = reference(SOURCE.subarray(0, 150_003));
    expect(await digestOf(second)).toBe(wanted);
    expect(await digestOf(first)).toBe(wanted);
    await Promise.all(updates);
    expect(() => first.update(SOURCE)).toThrow(TypeError);
    expect(() => first.exportState()).toThrow(TypeError);
  });

  it("a buffer that is given away fails its own hash alone", async () => {
    const create = createLaneHashers();
    const hashers = Array.from({ length: 5 }, () => create("sha256"));
    const lost = create("sha256");
    const chunk = SOURCE.slice();
    const update = lost.update(chunk);
    structuredClone(chunk, { transfer: [chunk.buffer] });
    const [failed] = await Promise.allSettled([
      update,
      ...hashers.map((hasher) => hasher.update(SOURCE)),
    ]);
    expect(failed).toMatchObject({ status: "rejected", reason: expect.any(TypeError) });
    for (const hasher of hashers) expect(await digestOf(hasher)).toBe(reference(SOURCE));
  });

  it("hashes SHA-512 alone", async () => {
    const hasher = createLaneHashers()("sha512");
    await hasher.update(SOURCE);
    const wanted = createHash("sha512").update(SOURCE).digest("hex");
    expect(await digestOf(hasher)).toBe(wanted);
  });
});
