import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pumpVerified } from "../../../src/verify/mod.ts";
import { createHoldBack } from "../../../src/verify/hold_back.ts";
import { bodyOf, collectingSink, digestOf, scriptedReader, split } from "./support.ts";

const HELD = 64 * 1024;
const body = bodyOf(4 * HELD + 3);

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

describe("createHoldBack", () => {
  it("shows all but the last 64 KiB, whatever the chunks", () => {
    for (const size of [body.length, undefined]) {
      for (const n of [1000, HELD - 1, HELD, HELD + 1, 2 * HELD, 2 * HELD + 1, body.length]) {
        const hold = createHoldBack({ size });
        let shown = 0;
        for (const chunk of split(body, n)) shown += lengthOf(hold.take(chunk));
        const rest = lengthOf(hold.rest());
        expect(shown + rest).toBe(body.length);
        expect(rest).toBeGreaterThanOrEqual(HELD);
        expect(rest).toBeLessThanOrEqual(size === undefined ? 2 * HELD : HELD);
      }
    }
  });

  it("shows nothing of a body up to 64 KiB", () => {
    for (const size of [HELD, undefined]) {
      const hold = createHoldBack({ size });
      for (const chunk of split(body.subarray(0, HELD), 777)) expect(hold.take(chunk)).toEqual([]);
      expect(lengthOf(hold.rest())).toBe(HELD);
    }
  });

  it("never shows the end of a range early", () => {
    const range = { start: 10, end: 3 * HELD };
    const hold = createHoldBack({ size: body.length, range });
    let shown = 0;
    for (const chunk of split(body, 5000)) shown += lengthOf(hold.take(chunk));
    expect(shown).toBe(range.end + 1 - range.start - HELD);
    expect(lengthOf(hold.rest())).toBe(HELD);
  });
});

describe("pumpVerified with a range", () => {
  it("passes exactly the range on, wherever it lies and however the body is cut", async () => {
    const digest = digestOf(body);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(body.length - 1),
        fc.nat(body.length - 1),
        fc.integer({ min: 1000, max: body.length }),
        fc.boolean(),
        async (a, b, n, known) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) };
          const sink = collectingSink();
          const size = known ? body.length : undefined;
          await pumpVerified(scriptedReader(split(body, n)), sink, { digest, size, range });
          expect(digestOf(sink.bytes())).toBe(digestOf(body.subarray(range.start, range.end + 1)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("withholds the range's end when a byte outside of it is wrong", async () => {
    const digest = digestOf(body);
    for (const range of [{ start: 0, end: 0 }, { start: 5, end: 2 * HELD }]) {
      for (const position of [2 * HELD + 1, body.length - 1]) {
        const wrong = body.slice();
        wrong[position] = (wrong[position] as number) ^ 0x80;
        const sink = collectingSink();
        const pumped = pumpVerified(scriptedReader(split(wrong, 9000)), sink, { digest, range });
        await expect(pumped).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
        expect(sink.bytes().length).toBeLessThanOrEqual(Math.max(range.end - HELD, 0));
      }
    }
  });

  it("refuses a range that ends after a body of unknown size", async () => {
    const sink = collectingSink();
    const range = { start: 0, end: body.length };
    const pumped = pumpVerified(scriptedReader([body]), sink, { digest: digestOf(body), range });
    await expect(pumped).rejects.toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
    expect(sink.ending()).toBe("aborted");
  });
});
