import { describe, expect, it } from "vitest";
import { TidegateError } from "../../../src/core/mod.ts";
import { createResumingReader } from "../../../src/client/resuming_reader.ts";
import { RESUME } from "../../../src/client/resume_settings.ts";
import type { ByteReader } from "../../../src/verify/mod.ts";
import { fixedRandom } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const BROKEN = new TidegateError("NETWORK_ERROR", "Broke", { origin: "x", reason: "reset" });

/** Gives a list of chunks, then an end or an error. */
function reading(lengths: number[], end?: Error): ByteReader {
  const left = lengths.map((length) => new Uint8Array(length));
  return {
    read: () => left.length === 0 && end ? Promise.reject(end) : Promise.resolve(left.shift()),
    cancel: () => Promise.resolve(),
  };
}

function resuming(
  first: ByteReader,
  end: number | undefined,
  open: (offset: number) => ByteReader,
  clip = false,
): { reader: ByteReader; offsets: number[]; clock: ReturnType<typeof createVirtualClock> } {
  const clock = createVirtualClock();
  const offsets: number[] = [];
  const reader = createResumingReader({
    first: { reader: first, skip: 0 },
    start: 0,
    end,
    clip,
    open: (offset) => Promise.resolve({ reader: open(offset), skip: 0 }),
    clock,
    random: fixedRandom(),
    settings: RESUME,
    onResume: (offset) => void offsets.push(offset),
  });
  return { reader, offsets, clock };
}

async function lengthOf(reader: ByteReader): Promise<number> {
  let length = 0;
  for (let c = await reader.read(); c !== undefined; c = await reader.read()) length += c.length;
  return length;
}

describe("createResumingReader()", () => {
  it("asks on from the byte where it broke", async () => {
    const { reader, offsets } = resuming(reading([5, 2], BROKEN), 10, () => reading([3]));
    expect(await lengthOf(reader)).toBe(10);
    expect(offsets).toEqual([7]);
  });

  it("does not mind how a connection goes down after the last byte", async () => {
    const { reader, offsets } = resuming(reading([10], BROKEN), 10, () => reading([]));
    expect(await lengthOf(reader)).toBe(10);
    expect(offsets).toEqual([]);
  });

  it("takes an end before the length for a break", async () => {
    const { reader, offsets } = resuming(reading([4]), 10, () => reading([6]));
    expect(await lengthOf(reader)).toBe(10);
    expect(offsets).toEqual([4]);
  });

  it("hands surplus bytes on for the verifier to refuse, or cuts them where told to", async () => {
    expect(await lengthOf(resuming(reading([12]), 10, () => reading([])).reader)).toBe(12);
    expect(await lengthOf(resuming(reading([12, 3]), 10, () => reading([]), true).reader)).toBe(10);
  });

  it("passes on what is no broken connection", async () => {
    const { reader } = resuming(reading([4], new RangeError("odd")), 10, () => reading([6]));
    await expect(lengthOf(reader)).rejects.toThrow("odd");
  });

  it("waits for an open circuit, but not longer than a minute", async () => {
    for (const [wait, passes] of [[30_000, true], [61_000, false]] as const) {
      const open: { at?: number } = {};
      const { reader, clock } = resuming(reading([4], BROKEN), 10, () => {
        if (open.at !== undefined) return reading([6]);
        open.at = clock.now() + wait;
        const details = { origin: "x", retryAt: open.at };
        throw new TidegateError("CIRCUIT_OPEN", "Suspended", details);
      });
      const outcome = await clock.run(lengthOf(reader).catch((e: TidegateError) => e.code));
      expect(outcome).toBe(passes ? 10 : "RESUME_FAILED");
    }
  });

  it("ends a wait when cancelled", async () => {
    const { reader, clock } = resuming(reading([4], BROKEN), 10, () => {
      throw BROKEN;
    });
    await reader.read();
    const pending = reader.read();
    pending.catch(() => {});
    await clock.advance(10);
    await reader.cancel(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });
});
