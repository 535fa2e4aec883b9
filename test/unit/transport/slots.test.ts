import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSlots, type ReleaseSlot } from "../../../src/transport/slots.ts";

describe("createSlots()", () => {
  it("keeps the reserve for small requests", () => {
    const slots = createSlots({ concurrency: 2, smallReserve: 1 });
    const granted: string[] = [];
    slots.request(false, () => granted.push("large 1"));
    slots.request(false, () => granted.push("large 2"));
    slots.request(false, () => granted.push("large 3"));
    slots.request(true, () => granted.push("small"));
    expect(granted).toEqual(["large 1", "large 2", "small"]);
    expect(slots.waiting).toBe(1);
  });

  it("serves a waiting small request before a large one that came first", () => {
    const slots = createSlots({ concurrency: 1, smallReserve: 0 });
    const granted: string[] = [];
    let release: ReleaseSlot = () => {};
    slots.request(false, (r) => release = r);
    slots.request(false, () => granted.push("large"));
    slots.request(true, () => granted.push("small"));
    release();
    expect(granted).toEqual(["small"]);
  });

  it("does nothing when a slot is given back twice", () => {
    const slots = createSlots({ concurrency: 1, smallReserve: 0 });
    slots.request(false, (release) => {
      release();
      release();
    });
    expect(slots.held).toBe(0);
  });

  it("never exceeds its limits and loses no slot, whatever happens", () => {
    const step = fc.record({
      act: fc.constantFrom("small", "large", "release", "leave"),
      pick: fc.nat(),
    });
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const slots = createSlots({ concurrency: 3, smallReserve: 1 });
      const held: ReleaseSlot[] = [];
      const leaves: (() => void)[] = [];
      for (const { act, pick } of steps) {
        if (act === "release") held.splice(pick % (held.length || 1), 1)[0]?.();
        else if (act === "leave") leaves.splice(pick % (leaves.length || 1), 1)[0]?.();
        else leaves.push(slots.request(act === "small", (release) => held.push(release)));
        expect(slots.held).toBe(held.length);
        expect(slots.held).toBeLessThanOrEqual(4);
      }
      for (const leave of leaves) leave();
      for (const release of held) release();
      expect(slots).toMatchObject({ held: 0, waiting: 0 });
    }));
  });
});
