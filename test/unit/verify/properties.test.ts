import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/mod.ts";
import { pumpVerified, verifiedStream } from "../../../src/verify/mod.ts";
import { bodyOf, collectingSink, digestOf, scriptedReader } from "./support.ts";

const body = bodyOf(200_000);
const whole = digestOf(body);

/** Cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.filter((place) => place < bytes.length), bytes.length];
  edges.sort((a, b) => a - b);
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end)).filter((c) => c.length > 0);
}

interface Mutation {
  readonly kind: string;
  readonly at: number;
}

function mutate({ kind, at }: Mutation): Uint8Array {
  const [before, after] = [body.subarray(0, at), body.subarray(at)];
  if (kind === "truncate") return before;
  if (kind === "lengthen") return concatBytes([body, bodyOf(at + 1)]);
  if (kind === "drop") return concatBytes([before, after.subarray(1)]);
  if (kind === "repeat") return concatBytes([before, after.subarray(0, 5), after]);
  const mutant = body.slice();
  mutant[at] = (mutant[at] as number) ^ (1 << (at % 8));
  return mutant;
}

const places = fc.array(fc.nat(body.length - 1), { maxLength: 12 });
const size = fc.constantFrom(body.length, undefined);

describe("verify, any body", () => {
  it("passes any split of it on whole", async () => {
    await fc.assert(
      fc.asyncProperty(places, size, async (at, size) => {
        const sink = collectingSink();
        await pumpVerified(scriptedReader(cut(body, at)), sink, { digest: whole, size });
        expect(sink.ending()).toBe("closed");
        expect(digestOf(sink.bytes())).toBe(whole);
        const stream = verifiedStream(scriptedReader(cut(body, at)), { digest: whole, size });
        const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
        expect(digestOf(bytes)).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });

  it("never completes a mutation of it", async () => {
    const mutation = fc.record({
      kind: fc.constantFrom("flip", "truncate", "lengthen", "drop", "repeat"),
      at: fc.nat(body.length - 2),
    });
    await fc.assert(
      fc.asyncProperty(mutation, places, size, async (change, at, size) => {
        const mutant = mutate(change);
        const sink = collectingSink();
        const pumped = pumpVerified(scriptedReader(cut(mutant, at)), sink, { digest: whole, size });
        await expect(pumped).rejects.toMatchObject({ name: "TidegateError" });
        expect(sink.ending()).toBe("aborted");
        const most = Math.max(mutant.length, body.length) - 64 * 1024;
        expect(sink.bytes().length).toBeLessThanOrEqual(most);
        const stream = verifiedStream(scriptedReader(cut(mutant, at)), { digest: whole, size });
        await expect(new Response(stream).arrayBuffer()).rejects.toThrow();
        await expect(stream.verified).rejects.toThrow();
      }),
      { numRuns: 100 },
    );
  });
});
